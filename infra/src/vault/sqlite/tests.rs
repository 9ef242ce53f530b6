use std::path::PathBuf;

use domain::es::Field;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::clock::FixedClock;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn open_with(&self, master: &str) -> Result<SqlitePersonVault, OpenVaultError> {
        SqlitePersonVault::open(
            &self.path("vault.sqlite"),
            &self.path("keys.sqlite"),
            &master.repeat(64).parse().unwrap(),
            Arc::new(FixedClock::at(now().0)),
        )
        .await
    }

    async fn vault(&self) -> SqlitePersonVault {
        self.open_with("a").await.unwrap()
    }

    /// All bytes of all files: tables, write-ahead logs and whatever else there is.
    fn bytes(&self) -> Vec<u8> {
        std::fs::read_dir(self.0.path())
            .unwrap()
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    async fn run(&self, file: &str, statement: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.path(file));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

fn now() -> RecordedAt {
    RecordedAt("2021-07-01T10:00:00Z".parse().unwrap())
}

fn person(n: u128) -> PersonKey {
    PersonKey(Uuid::from_u128(n << 64))
}

fn entry(id: u128, of: u128, field: &str, text: &str) -> VaultEntry {
    VaultEntry {
        id: VaultEntryId(Uuid::from_u128(id)),
        person: person(of),
        field: Field(field.to_owned()),
        text: text.to_owned(),
    }
}

fn id(id: u128) -> VaultEntryId {
    VaultEntryId(Uuid::from_u128(id))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_may_open_a_new_vault_at_once() {
    let folder = Folder::new();
    let opening = (0..8).map(|_| folder.vault());
    for (n, vault) in (1..).zip(futures::future::join_all(opening).await) {
        let name = entry(n, 1, "name", "Kari Fiktiv");
        vault.keep(vec![name.clone()]).await.unwrap();
        assert_eq!(vault.open(&[name.id]).await.unwrap(), [name]);
    }
}

#[tokio::test]
async fn what_is_kept_is_found_by_id_and_by_person() {
    let folder = Folder::new();
    let vault = folder.vault().await;
    let kari = [
        entry(1, 1, "name", "Kari Fiktiv"),
        entry(2, 1, "text", "Fiske på søndager"),
    ];
    let ola = entry(3, 2, "name", "Ola Oppdiktet");
    let all: Vec<_> = kari.iter().cloned().chain([ola.clone()]).collect();
    vault.keep(all).await.unwrap();
    assert_eq!(vault.of_person(person(1)).await.unwrap(), kari);
    assert_eq!(vault.of_person(person(3)).await.unwrap(), []);
    assert_eq!(
        vault.open(&[id(3), id(1), id(9)]).await.unwrap(),
        [kari[0].clone(), ola]
    );
    vault.close().await;
    assert_eq!(
        folder.vault().await.of_person(person(1)).await.unwrap(),
        kari
    );
}

#[tokio::test]
async fn an_entry_kept_again_stays_as_it_was() {
    let vault = Folder::new();
    let vault = vault.vault().await;
    let first = entry(1, 1, "name", "Kari Fiktiv");
    vault.keep(vec![first.clone()]).await.unwrap();
    vault
        .keep(vec![entry(1, 1, "name", "Other")])
        .await
        .unwrap();
    vault
        .keep(vec![entry(1, 2, "name", "Other")])
        .await
        .unwrap();
    assert_eq!(vault.open(&[id(1)]).await.unwrap(), [first]);
}

#[tokio::test]
async fn what_no_event_came_to_refer_to_is_taken_back() {
    let folder = Folder::new();
    let vault = folder.vault().await;
    let kept = entry(1, 1, "name", "Kari Fiktiv");
    let unwanted = entry(2, 1, "text", "Fiske");
    vault
        .keep(vec![kept.clone(), unwanted.clone()])
        .await
        .unwrap();
    vault.discard(&[unwanted.id]).await.unwrap();
    assert_eq!(vault.of_person(person(1)).await.unwrap(), [kept]);
}

#[tokio::test]
async fn no_words_stand_in_any_file() {
    let folder = Folder::new();
    let vault = folder.vault().await;
    let words = "Kari Fiktiv";
    vault.keep(vec![entry(1, 1, "name", words)]).await.unwrap();
    let while_open = folder.bytes();
    assert!(
        contains(&while_open, person(1).0.as_bytes()),
        "the entry is there"
    );
    assert!(!contains(&while_open, words.as_bytes()));
    vault.close().await;
    let closed = folder.bytes();
    assert!(
        contains(&closed, person(1).0.as_bytes()),
        "the entry is there"
    );
    assert!(!contains(&closed, words.as_bytes()));
}

#[tokio::test]
async fn an_erased_person_is_gone_and_stays_gone() {
    let folder = Folder::new();
    let vault = folder.vault().await;
    let ola = entry(3, 2, "name", "Ola Oppdiktet");
    vault
        .keep(vec![entry(1, 1, "name", "Kari Fiktiv"), ola.clone()])
        .await
        .unwrap();
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM entries WHERE id = $1")
        .bind(id(1).0)
        .fetch_one(&vault.files.entries)
        .await
        .unwrap();
    let key: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM person_keys WHERE person = $1")
        .bind(person(1).0)
        .fetch_one(&vault.files.keys)
        .await
        .unwrap();
    assert!(contains(&folder.bytes(), &sealed) && contains(&folder.bytes(), &key));
    vault.erase(person(1)).await.unwrap();
    vault.erase(person(1)).await.unwrap();
    let bytes = folder.bytes();
    assert!(
        !contains(&bytes, &sealed),
        "the entry's bytes are overwritten"
    );
    assert!(!contains(&bytes, &key), "the key's bytes are overwritten");
    assert_eq!(vault.open(&[id(1), id(3)]).await.unwrap(), [ola]);
    assert!(matches!(
        vault.of_person(person(1)).await,
        Err(VaultError::Erased)
    ));
    let again = vault
        .keep(vec![
            entry(4, 2, "text", "kept?"),
            entry(5, 1, "name", "Kari Fiktiv"),
        ])
        .await;
    assert!(matches!(again, Err(VaultError::Erased)));
    assert_eq!(
        vault.open(&[id(4), id(5)]).await.unwrap(),
        [],
        "all or none"
    );
    assert_eq!(vault.erasures().await.unwrap(), [(person(1), now())]);
    vault.close().await;
    let vault = folder.vault().await;
    assert!(matches!(
        vault.of_person(person(1)).await,
        Err(VaultError::Erased)
    ));
}

#[tokio::test]
async fn entries_restored_from_a_copy_are_erased_again() {
    let folder = Folder::new();
    let vault = folder.vault().await;
    vault
        .keep(vec![entry(1, 1, "name", "Kari Fiktiv")])
        .await
        .unwrap();
    vault.close().await;
    std::fs::copy(folder.path("vault.sqlite"), folder.path("copy")).unwrap();
    let vault = folder.vault().await;
    vault.erase(person(1)).await.unwrap();
    vault.close().await;
    std::fs::rename(folder.path("copy"), folder.path("vault.sqlite")).unwrap();
    let vault = folder.vault().await;
    assert_eq!(vault.open(&[id(1)]).await.unwrap(), []);
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM entries")
        .fetch_one(&vault.files.entries)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn of_many_who_keep_at_once_each_is_answered_for_what_is_theirs() {
    let folder = Folder::new();
    let vault = Arc::new(folder.vault().await);
    vault.erase(person(0)).await.unwrap();
    let mut keepers = tokio::task::JoinSet::new();
    for n in 0..200 {
        let vault = Arc::clone(&vault);
        keepers.spawn(async move {
            let told = vec![
                entry(n, n % 10, "name", "Kari"),
                entry(n + 1_000, 11, "text", "x"),
            ];
            (n, vault.keep(told).await)
        });
    }
    for (n, outcome) in keepers.join_all().await {
        let kept = vault.open(&[id(n), id(n + 1_000)]).await.unwrap().len();
        if n % 10 == 0 {
            assert!(
                matches!(outcome, Err(VaultError::Erased)),
                "{n}: {outcome:?}"
            );
            assert_eq!(kept, 0, "{n}: all or none");
        } else {
            outcome.unwrap();
            assert_eq!(kept, 2, "{n}");
        }
    }
}

#[tokio::test]
async fn nothing_is_kept_of_somebody_erased_meanwhile() {
    let folder = Folder::new();
    let vault = folder.vault().await;
    let told = |n| vault.keep(vec![entry(n, 1, "name", "Kari")]);
    let (before, erased, after) = tokio::join!(told(1), vault.erase(person(1)), told(2));
    erased.unwrap();
    let refused = [before, after].into_iter().filter(Result::is_err).count();
    assert!(refused > 0, "one of them came after");
    assert_eq!(vault.open(&[id(1), id(2)]).await.unwrap(), []);
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM entries")
        .fetch_one(&vault.files.entries)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_altered_or_moved_entry_does_not_open() {
    for change in [
        "UPDATE entries SET sealed = zeroblob(length(sealed)) WHERE field = 'name'",
        "UPDATE entries SET nonce = zeroblob(24) WHERE field = 'name'",
        "UPDATE entries SET nonce = zeroblob(3) WHERE field = 'name'",
        "UPDATE entries SET field = 'contact' WHERE field = 'name'",
        "UPDATE entries SET person = (SELECT person FROM entries WHERE field = 'text')
         WHERE field = 'name'",
        "UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE field = 'note'),
                            nonce = (SELECT nonce FROM entries WHERE field = 'note')
         WHERE field = 'name'",
    ] {
        let folder = Folder::new();
        let vault = folder.vault().await;
        let others = [entry(2, 2, "text", "Fiske"), entry(3, 1, "note", "Kaffe")];
        let all = others
            .iter()
            .cloned()
            .chain([entry(1, 1, "name", "Kari Fiktiv")]);
        vault.keep(all.collect()).await.unwrap();
        folder.run("vault.sqlite", change).await;
        match vault.open(&[id(1)]).await {
            Err(VaultError::Sealed(altered)) => assert_eq!(altered, id(1), "{change}"),
            other => panic!("{change} came to {other:?}"),
        }
        assert_eq!(
            vault.open(&[id(2), id(3)]).await.unwrap(),
            others,
            "{change}"
        );
    }
}

#[tokio::test]
async fn without_its_key_an_entry_does_not_open() {
    for change in [
        "DELETE FROM person_keys",
        "UPDATE person_keys SET sealed = zeroblob(48)",
    ] {
        let folder = Folder::new();
        let vault = folder.vault().await;
        vault
            .keep(vec![entry(1, 1, "name", "Kari Fiktiv")])
            .await
            .unwrap();
        folder.run("keys.sqlite", change).await;
        let opened = vault.open(&[id(1)]).await;
        assert!(matches!(opened, Err(VaultError::Sealed(_))), "{opened:?}");
    }
}

#[tokio::test]
async fn another_master_key_is_refused_in_so_many_words() {
    let folder = Folder::new();
    folder.vault().await.close().await;
    let error = folder.open_with("b").await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "the master key is not the one that this vault was made with"
    );
    folder.vault().await;
}

#[tokio::test]
async fn two_processes_give_a_person_one_key() {
    let folder = Folder::new();
    let (one, two) = (folder.vault().await, folder.vault().await);
    let entries: Vec<_> = (0..20)
        .map(|n| entry(n, n % 3, "name", "Kari Fiktiv"))
        .collect();
    let (odd, even): (Vec<_>, Vec<_>) = entries
        .iter()
        .cloned()
        .partition(|entry| entry.id.0.as_u128() % 2 == 1);
    let (odd, even) = tokio::join!(one.keep(odd), two.keep(even));
    odd.unwrap();
    even.unwrap();
    let wanted: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(one.open(&wanted).await.unwrap(), entries);
    assert_eq!(two.open(&wanted).await.unwrap(), entries);
}
