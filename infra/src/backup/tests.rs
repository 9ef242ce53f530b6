use std::{fs, sync::Arc};

use domain::es::{
    EventStore, Expected, Field, PersonKey, PersonVault, Position, VaultEntry, VaultEntryId,
    VaultError,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::{
    clock::FixedClock,
    event_store::{
        OpenError, SqliteEventStore,
        contract::{append, event, stream},
    },
    vault::{MasterKey, SqlitePersonVault},
};

/// A data folder, and room for copies beside it.
struct World(TempDir);

impl World {
    /// Two events in the log, and a word about each of two persons.
    async fn with_a_history() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        let log = world.log("data").await;
        for id in 1..=2 {
            let told = append(&stream(id), Expected::Any, vec![event(id, "told")]);
            log.append(told).await.unwrap();
        }
        log.close().await;
        let vault = world.vault("data").await.unwrap();
        vault.keep(vec![word(1), word(2)]).await.unwrap();
        vault.close().await;
        fs::write(world.path("data/reached"), "2").unwrap();
        fs::write(world.path("data/token.secret"), "hush").unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn layout(&self, data: &str) -> Layout {
        Layout {
            data: self.path(data),
            log: Some(self.path(data).join(LOG)),
            beside: &["reached"],
            secrets: &["token.secret"],
        }
    }

    async fn log(&self, data: &str) -> SqliteEventStore {
        let path = self.path(data).join(LOG);
        SqliteEventStore::open(&path).await.unwrap()
    }

    async fn vault(&self, data: &str) -> Result<SqlitePersonVault, crate::vault::OpenVaultError> {
        let folder = self.path(data);
        let master = MasterKey::read_or_make(&folder.join(MASTER)).unwrap();
        let (entries, keys) = (folder.join(VAULT), folder.join(KEYS));
        SqlitePersonVault::open(&entries, &keys, &master, clock()).await
    }

    async fn take(&self, to: &str) -> Result<Manifest, BackupError> {
        take(&self.layout("data"), &self.path(to), &*clock()).await
    }

    async fn take_keys(&self, to: &str) -> Result<Manifest, BackupError> {
        take_keys(&self.layout("data"), &self.path(to), &*clock()).await
    }

    async fn restore(
        &self,
        from: &str,
        data: &str,
        keys: Keys<'_>,
    ) -> Result<Outcome, BackupError> {
        restore(&self.layout(data), &self.path(from), keys, clock()).await
    }

    /// Restores into a folder that is not there yet, with the copy of the keys in `keys`.
    async fn restore_with(&self, keys: &str, data: &str) -> Result<Restored, BackupError> {
        let keys = self.path(keys);
        match self.restore("backup", data, Keys::Copied(&keys)).await? {
            Outcome::Restored(restored) => Ok(*restored),
            Outcome::Finished => panic!("nothing was interrupted"),
        }
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let there = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> = there
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at("2021-07-01T10:00:00Z".parse().unwrap()))
}

fn person(n: u128) -> PersonKey {
    PersonKey(Uuid::from_u128(n << 64))
}

fn word(n: u128) -> VaultEntry {
    VaultEntry {
        id: VaultEntryId(Uuid::from_u128(n)),
        person: person(n),
        field: Field("name".to_owned()),
        text: format!("Kari Fiktiv {n}"),
    }
}

#[tokio::test]
async fn what_was_backed_up_is_restored_elsewhere_with_its_words() {
    let world = World::with_a_history().await;
    // While somebody has both open.
    let (log, vault) = (world.log("data").await, world.vault("data").await.unwrap());
    let backup = world.take("backup").await.unwrap();
    let keys = world.take_keys("keys").await.unwrap();
    let (at, entries) = (backup.log.as_ref().unwrap(), backup.entries);
    assert_eq!(
        (at.position, at.streams, entries),
        (Position(2), 2, Some(2))
    );
    assert_eq!(
        keys.keys,
        Some(CopiedKeys {
            persons: 2,
            erasures: 0
        })
    );
    assert_eq!(
        world.names("backup"),
        ["log.sqlite", "manifest.json", "reached", "vault.sqlite"]
    );
    assert_eq!(
        world.names("keys"),
        ["keys.sqlite", "manifest.json", "master.key", "token.secret"]
    );
    // What comes later is not in it.
    let later = append(&stream(3), Expected::Any, vec![event(3, "told")]);
    log.append(later).await.unwrap();

    let restored = world.restore_with("keys", "elsewhere").await.unwrap();
    assert_eq!((restored.erasures, restored.destroyed), (0, 0));
    assert_eq!(restored.backup, backup);
    assert_eq!(
        world.names("elsewhere"),
        [
            "keys.sqlite",
            "log.sqlite",
            "log.sqlite.lock",
            "master.key",
            "reached",
            "token.secret",
            "vault.sqlite"
        ]
    );
    let events = world.log("elsewhere").await;
    assert_eq!(
        events.read_all(Position::START, 9).await.unwrap(),
        log.read_all(Position::START, 2).await.unwrap()
    );
    let words = world.vault("elsewhere").await.unwrap();
    let opened = words.open(&[word(1).id, word(2).id]).await.unwrap();
    assert_eq!(opened, [word(1), word(2)]);
    vault.close().await;
}

#[tokio::test]
async fn who_was_erased_since_stays_erased() {
    let world = World::with_a_history().await;
    world.take("backup").await.unwrap();
    let vault = world.vault("data").await.unwrap();
    vault.erase(person(1)).await.unwrap();
    vault.close().await;
    world.take_keys("keys").await.unwrap();

    let restored = world.restore_with("keys", "elsewhere").await.unwrap();
    assert_eq!((restored.erasures, restored.destroyed), (1, 1));
    let words = world.vault("elsewhere").await.unwrap();
    let opened = words.open(&[word(1).id, word(2).id]).await.unwrap();
    assert_eq!(opened, [word(2)]);
    assert!(matches!(
        words.of_person(person(1)).await,
        Err(VaultError::Erased)
    ));
}

#[tokio::test]
async fn the_keys_that_were_never_lost_are_kept() {
    let world = World::with_a_history().await;
    world.take("backup").await.unwrap();
    world.take_keys("keys").await.unwrap();
    let vault = world.vault("data").await.unwrap();
    vault.erase(person(1)).await.unwrap();
    vault.close().await;
    for name in [LOG, VAULT] {
        fs::remove_file(world.path("data").join(name)).unwrap();
    }
    // An older copy does not know of the erasure.
    let copy = world.path("keys");
    let refused = world.restore("backup", "data", Keys::Copied(&copy)).await;
    assert!(matches!(refused, Err(BackupError::KeysThere(_))));

    let outcome = world.restore("backup", "data", Keys::Kept).await.unwrap();
    let Outcome::Restored(restored) = outcome else {
        panic!("nothing was interrupted");
    };
    assert_eq!((restored.erasures, restored.destroyed), (1, 1));
}

#[tokio::test]
async fn without_their_keys_words_are_not_restored_and_do_not_open() {
    let world = World::with_a_history().await;
    world.take("backup").await.unwrap();
    let refused = world.restore("backup", "elsewhere", Keys::Kept).await;
    assert!(matches!(refused, Err(BackupError::NoKeys)));

    world
        .restore("backup", "log alone", Keys::Lost)
        .await
        .unwrap();
    assert_eq!(
        world.names("log alone"),
        ["log.sqlite", "log.sqlite.lock", "reached"]
    );
    let log = world.log("log alone").await;
    assert_eq!(log.head().await.unwrap(), Position(2));

    // Nor with other keys.
    world.vault("elsewhere").await.unwrap().close().await;
    fs::remove_file(world.path("elsewhere/vault.sqlite")).unwrap();
    let refused = world.restore("backup", "elsewhere", Keys::Kept).await;
    assert!(matches!(refused, Err(BackupError::OtherKeys)));
    fs::copy(
        world.path("backup/vault.sqlite"),
        world.path("elsewhere/vault.sqlite"),
    )
    .unwrap();
    let words = world.vault("elsewhere").await.unwrap();
    let opened = words.open(&[word(1).id]).await;
    assert!(matches!(opened, Err(VaultError::Sealed(id)) if id == word(1).id));
}

#[tokio::test]
async fn words_that_are_younger_than_the_keys_are_left_out_and_the_others_open() {
    let world = World::with_a_history().await;
    world.take_keys("keys").await.unwrap();
    let vault = world.vault("data").await.unwrap();
    vault.keep(vec![word(3)]).await.unwrap();
    vault.close().await;
    world.take("backup").await.unwrap();
    let restored = world.restore_with("keys", "elsewhere").await.unwrap();
    assert_eq!((restored.destroyed, restored.keyless), (0, 1));
    let words = world.vault("elsewhere").await.unwrap();
    let opened = words.open(&[word(1).id, word(2).id, word(3).id]).await;
    assert_eq!(opened.unwrap(), [word(1), word(2)]);
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let world = World::with_a_history().await;
    world.take("backup").await.unwrap();
    world.take_keys("keys").await.unwrap();
    assert!(matches!(
        world.take("backup").await,
        Err(BackupError::Exists(_))
    ));
    for name in [
        "log.sqlite",
        "log.sqlite-wal",
        "vault.sqlite",
        "read.sqlite",
    ] {
        fs::create_dir(world.path("there")).unwrap();
        fs::write(world.path("there").join(name), "mine").unwrap();
        let refused = world.restore_with("keys", "there").await.unwrap_err();
        assert!(
            matches!(&refused, BackupError::Occupied(path) if path.ends_with(name)),
            "{refused}"
        );
        assert_eq!(fs::read(world.path("there").join(name)).unwrap(), b"mine");
        assert!(!unfinished(&world.path("there")));
        fs::remove_dir_all(world.path("there")).unwrap();
    }
    // Nor beside somebody who serves the folder.
    let path = world.path("served/log.sqlite");
    let serving = crate::event_store::open(&format!("sqlite:{}", path.display())).await;
    let refused = world.restore_with("keys", "served").await.unwrap_err();
    assert!(matches!(refused, BackupError::Log(OpenError::InUse { .. })));
    drop(serving);
}

#[tokio::test]
async fn a_copy_of_the_keys_takes_the_place_of_the_one_before_and_of_nothing_else() {
    let world = World::with_a_history().await;
    world.take_keys("keys").await.unwrap();
    let vault = world.vault("data").await.unwrap();
    vault.erase(person(1)).await.unwrap();
    vault.close().await;
    let keys = world.take_keys("keys").await.unwrap();
    assert_eq!(
        keys.keys,
        Some(CopiedKeys {
            persons: 1,
            erasures: 1
        })
    );
    assert_eq!(world.names(""), ["data", "keys"]);

    fs::create_dir(world.path("papers")).unwrap();
    fs::write(world.path("papers/letter"), "mine").unwrap();
    world.take("backup").await.unwrap();
    let other = World::with_a_history().await;
    for (place, before) in [
        (world.path("papers"), vec!["letter"]),
        (
            world.path("backup"),
            vec![LOG, "manifest.json", "reached", VAULT],
        ),
        (
            world.path("keys"),
            vec![KEYS, "manifest.json", MASTER, "token.secret"],
        ),
    ] {
        let refused = take_keys(&other.layout("data"), &place, &*clock()).await;
        assert!(matches!(refused, Err(BackupError::NotTheseKeys(_))));
        assert_eq!(
            world.names(place.file_name().unwrap().to_str().unwrap()),
            before
        );
    }
}

#[tokio::test]
async fn what_is_half_made_or_altered_is_not_restored() {
    let world = World::with_a_history().await;
    world.take_keys("keys").await.unwrap();
    // An attempt that was killed left this.
    fs::create_dir(world.path("backup.half-made")).unwrap();
    fs::write(world.path("backup.half-made/log.sqlite"), "half").unwrap();
    let refused = world
        .restore("backup.half-made", "elsewhere", Keys::Lost)
        .await;
    assert!(matches!(refused, Err(BackupError::NoManifest(_))));
    world.take("backup").await.unwrap();
    assert_eq!(world.names(""), ["backup", "data", "elsewhere", "keys"]);

    for name in [LOG, VAULT, "reached"] {
        let path = world.path("backup").join(name);
        let whole = fs::read(&path).unwrap();
        let mut altered = whole.clone();
        altered[whole.len() / 2] ^= 1;
        fs::write(&path, altered).unwrap();
        let refused = world.restore_with("keys", "elsewhere").await.unwrap_err();
        assert!(matches!(refused, BackupError::Damaged(at) if at == path));
        assert_eq!(world.names("elsewhere"), ["log.sqlite.lock"]);
        fs::write(&path, whole).unwrap();
    }

    let manifest = world.path("backup/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    let refused = world.restore_with("keys", "elsewhere").await.unwrap_err();
    assert!(matches!(refused, BackupError::Format { format: 2, .. }));
    fs::write(
        &manifest,
        text.replace("\"position\": 2", "\"position\": 3"),
    )
    .unwrap();
    let refused = world.restore_with("keys", "elsewhere").await.unwrap_err();
    assert!(matches!(refused, BackupError::AnotherLog));
    fs::write(&manifest, text.replace("\"reached\"", "\"../reached\"")).unwrap();
    let refused = world.restore_with("keys", "elsewhere").await.unwrap_err();
    assert!(matches!(refused, BackupError::Stranger(_)));
    fs::write(&manifest, text).unwrap();
    world.restore_with("keys", "elsewhere").await.unwrap();
}

#[tokio::test]
async fn a_log_that_was_altered_is_not_backed_up_as_whole() {
    let world = World::with_a_history().await;
    let log = world.path("data/log.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(log);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql("UPDATE events SET data = '{}' WHERE position = 2")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let refused = world.take("backup").await.unwrap_err();
    assert!(matches!(refused, BackupError::Verify(_)), "{refused}");
    assert_eq!(world.names(""), ["data"]);
}

#[tokio::test]
async fn a_restore_that_was_interrupted_while_moving_is_finished_by_the_next() {
    let world = World::with_a_history().await;
    world.take("backup").await.unwrap();
    world.take_keys("keys").await.unwrap();
    world.restore_with("keys", "whole").await.unwrap();
    // As a loss of power may leave it: the words are in their place, the rest is not.
    let names = [
        "reached",
        "vault.sqlite",
        "keys.sqlite",
        "master.key",
        "token.secret",
        "log.sqlite",
    ];
    fs::create_dir_all(world.path("cut/restore.half-made")).unwrap();
    for name in names {
        let place = if name == VAULT {
            "cut"
        } else {
            "cut/restore.half-made"
        };
        fs::copy(world.path("whole").join(name), world.path(place).join(name)).unwrap();
    }
    fs::write(world.path("cut/restore.half-made/whole"), names.join("\n")).unwrap();
    assert!(unfinished(&world.path("cut")));

    let keys = world.path("keys");
    let outcome = world.restore("backup", "cut", Keys::Copied(&keys)).await;
    assert!(matches!(outcome, Ok(Outcome::Finished)));
    assert!(!unfinished(&world.path("cut")));
    assert_eq!(world.names("cut"), world.names("whole"));
    let words = world.vault("cut").await.unwrap();
    assert_eq!(words.open(&[word(1).id]).await.unwrap(), [word(1)]);
}

#[tokio::test]
async fn where_the_log_lies_elsewhere_the_vault_alone_is_copied() {
    let world = World::with_a_history().await;
    let in_postgres = |data: &str| Layout {
        log: None,
        ..world.layout(data)
    };
    let to = world.path("backup");
    let backup = take(&in_postgres("data"), &to, &*clock()).await.unwrap();
    assert_eq!((backup.log, backup.entries), (None, Some(2)));
    assert_eq!(
        world.names("backup"),
        ["manifest.json", "reached", "vault.sqlite"]
    );
    world.take_keys("keys").await.unwrap();
    // Nobody begins an empty log beside these words by mistake.
    let refused = world.restore_with("keys", "elsewhere").await.unwrap_err();
    assert!(matches!(refused, BackupError::NoLog));
    let copy = world.path("keys");
    let keys = Keys::Copied(&copy);
    restore(&in_postgres("elsewhere"), &to, keys, clock())
        .await
        .unwrap();
    let words = world.vault("elsewhere").await.unwrap();
    assert_eq!(words.open(&[word(1).id]).await.unwrap(), [word(1)]);
}

#[cfg(unix)]
#[tokio::test]
async fn copies_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with_a_history().await;
    world.take("backups/monday").await.unwrap();
    world.take_keys("safe/keys").await.unwrap();
    world
        .restore("backups/monday", "elsewhere", Keys::Lost)
        .await
        .unwrap();
    for folder in ["backups", "backups/monday", "safe/keys", "elsewhere"] {
        let rights = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(rights(world.path(folder)), 0o700, "{folder}");
        for name in world.names(folder) {
            let path = world.path(folder).join(&name);
            assert!(path.is_dir() || rights(path) == 0o600, "{folder}/{name}");
        }
    }
}
