//! `stegspor verify`: walks the hash chains of the log.

use clap::Args;
use infra::event_store::VerifyError;

use super::{Ended, settings::Where, store};

/// Check that nothing in the log was altered
///
/// Walks the hash chains of all streams and of the whole log, and names the first position that
/// does not fit; the exit status is 1 then. Keep the hash that it prints somewhere else: it also
/// tells whether the end of the log was cut off.
///
/// Example:
///   stegspor verify --data stegspor-data
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

impl Verify {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let log = store::existing_log(&settings).await?;
        match log.verify().await {
            Ok(verified) => {
                let hash = verified.log_hash.map(|hash| hash.to_string());
                if self.json {
                    let answer = serde_json::json!({
                        "fits": true,
                        "position": verified.head,
                        "streams": verified.streams,
                        "log_hash": hash,
                    });
                    println!("{answer}");
                } else {
                    println!(
                        "The log fits: {} events in {} streams.",
                        verified.head, verified.streams
                    );
                    if let Some(hash) = hash {
                        println!("Hash at position {}: {hash}", verified.head);
                    }
                }
                Ok(Ended::Well)
            }
            Err(VerifyError::Misfit { position, misfit }) => {
                if self.json {
                    let answer = serde_json::json!({
                        "fits": false,
                        "position": position,
                        "misfit": misfit.to_string(),
                    });
                    println!("{answer}");
                } else {
                    println!("The log does not fit at position {position}: {misfit}.");
                }
                Ok(Ended::WithRefusals)
            }
            Err(error) => Err(error.into()),
        }
    }
}
