//! `docker-compose.yml` and what it rests on: what must hold of it, as far as reading it tells. No
//! engine for containers is needed, and none is asked.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A line's indentation.
fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The lines of each service, without comments.
fn services(compose: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = None;
    let lines = compose
        .lines()
        .skip_while(|line| *line != "services:")
        .skip(1)
        .take_while(|line| line.is_empty() || depth(line) > 0);
    for line in lines.filter(|line| !line.trim_start().starts_with('#')) {
        if depth(line) == 2 {
            current = Some(line.trim().trim_end_matches(':'));
        }
        if let Some(current) = current {
            services.entry(current).or_default().push(line);
        }
    }
    services
}

#[test]
fn images_are_pinned_and_every_service_that_can_be_asked_is_asked_how_it_is() {
    let compose = read("docker-compose.yml");
    let services = services(&compose);
    let names: Vec<_> = services.keys().copied().collect();
    assert_eq!(
        names,
        [
            "collector",
            "grafana",
            "jaeger",
            "kurrentdb",
            "node-1",
            "node-2",
            "postgres",
            "prometheus",
            "proxy"
        ]
    );
    let images: Vec<_> = compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("image: "))
        .collect();
    assert_eq!(images.len(), 8, "the two nodes share one");
    for image in images {
        let tag = image.rsplit_once(':').map(|(_, tag)| tag);
        let pinned = tag.is_some_and(|tag| tag.chars().any(|c| c.is_ascii_digit()));
        assert!(pinned, "{image} is not pinned by its tag");
    }
    for (name, lines) in &services {
        let asked = lines
            .iter()
            .any(|line| line.trim() == "healthcheck:" || line.trim() == "<<: *node");
        // Its image holds nothing to ask it with.
        assert_eq!(asked, *name != "collector", "{name}");
    }
}

#[test]
fn no_secret_stands_in_clear() {
    let compose = read("docker-compose.yml");
    for line in compose.lines().map(str::trim) {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        let is_secret = ["PASSWORD", "TOKEN", "KEY"]
            .iter()
            .any(|word| name.contains(word));
        assert!(!is_secret || value.starts_with("/run/secrets/"), "{line}");
        assert!(!(value.contains("://") && value.contains('@')), "{line}");
    }
    let (_, secrets) = compose.split_once("\nsecrets:\n").unwrap();
    let files: Vec<_> = secrets
        .lines()
        .filter_map(|line| line.trim().strip_prefix("file: "))
        .collect();
    assert_eq!(files.len(), 4);
    for file in files {
        assert!(file.starts_with("./infra/compose/secrets/"), "{file}");
    }
    for ignoring in [".gitignore", ".dockerignore"] {
        let ignored = read(ignoring);
        assert!(ignored.contains("infra/compose/secrets"), "{ignoring}");
    }
}

#[test]
fn whatever_is_mounted_is_there() {
    let compose = read("docker-compose.yml");
    let mounted: Vec<_> = compose
        .split(['"', ' ', '\n'])
        .filter_map(|word| word.strip_prefix("./infra/"))
        .filter_map(|word| word.split_once(":/"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(mounted.len(), 6, "{mounted:?}");
    for path in mounted {
        let whole = top().join("infra").join(path);
        assert!(whole.is_file(), "{path} is mounted, and not there");
    }
    assert!(top().join("infra/Dockerfile").is_file());
}

#[test]
fn the_image_runs_as_a_user_without_rights_and_knows_how_it_is() {
    let dockerfile = read("infra/Dockerfile");
    let stages: Vec<_> = dockerfile.split("\nFROM ").collect();
    let last = stages.last().unwrap();
    assert!(stages.len() > 2, "what builds it is left behind");
    for needed in [
        "\nUSER nonroot\n",
        "\nHEALTHCHECK ",
        "\nENTRYPOINT [\"stegspor\"]\n",
    ] {
        assert!(last.contains(needed), "{needed:?}");
    }
}
