//! The person vault: where words about people live, sealed, since the log holds none.
//!
//! ```text
//! master key (a file or a setting) ──seals──▶ a key per person ──seals──▶ each entry
//!                                             keys.sqlite                 vault.sqlite
//! ```
//!
//! To erase a person is to destroy one small key: whatever copies of the entries lie about, they
//! do not open any more. Therefore keys and entries are two files, and **copies of the one must
//! not be kept with copies of the other**. The register of erasures stands with the keys; a vault
//! that is opened after a restore erases again whom it names, before it serves.
//!
//! Sealed is XChaCha20-Poly1305: nobody reads an entry without its key, and nobody moves it to
//! another id, person or field without being found out. Ids, and which entries belong together,
//! are not hidden.

mod master_key;
mod seal;
mod sqlite;

pub use master_key::{MasterKey, MasterKeyError};
pub use sqlite::{OpenVaultError, SqlitePersonVault};

/// The file of a vault's entries in a data folder.
pub const VAULT: &str = "vault.sqlite";
/// The file of the keys, and of the register of erasures.
pub const KEYS: &str = "keys.sqlite";
/// The file of the key that opens the keys.
pub const MASTER: &str = "master.key";
