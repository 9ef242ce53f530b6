//! Where the log is: the address as the client takes it, and one parameter of our own.
//!
//! `log=NAME` names one of several logs on a server; the rest of the address goes to the client
//! as it stands. An address may hold a password: no part of it is repeated in an error.

use eventstore::ClientSettings;

use crate::event_store::OpenError;

/// The log's name where the address gives none.
const LOG: &str = "stegspor";

/// An address taken apart.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) settings: ClientSettings,
    /// What the names of the log's streams begin with.
    pub(super) prefix: String,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (ours, theirs): (Vec<_>, Vec<_>) = parameters
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .partition(|parameter| parameter.starts_with("log="));
        let log = ours
            .last()
            .map_or(LOG, |parameter| &parameter["log=".len()..]);
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if log.is_empty() || !log.bytes().all(fits) {
            return Err(misread("the log's name may hold a-z, 0-9 and - only"));
        }
        // The client's own errors repeat the whole address.
        let settings: ClientSettings = [place, "?", &theirs.join("&")]
            .concat()
            .parse()
            .map_err(|_| misread("its host, port or one of its parameters cannot be read"))?;
        if settings.hosts().iter().any(|host| host.host.is_empty()) {
            return Err(misread("it names no host"));
        }
        Ok(Self {
            settings,
            prefix: format!("{log}."),
        })
    }
}

fn misread(what: &'static str) -> OpenError {
    OpenError::KurrentAddress { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Address {
        Address::parse(url).unwrap()
    }

    #[test]
    fn a_cluster_with_tls_is_understood_whole() {
        let address = parse(
            "esdb://ada:secret@a:1,b:2,c:3?tls=true&tlsCaFile=/ca.pem&log=pilot&nodePreference=leader",
        );
        let settings = &address.settings;
        let hosts: Vec<_> = settings
            .hosts()
            .iter()
            .map(|host| (host.host.as_str(), host.port))
            .collect();
        assert_eq!(hosts, [("a", 1), ("b", 2), ("c", 3)]);
        assert!(settings.is_secure_mode_enabled());
        assert_eq!(settings.tls_ca_file().unwrap(), "/ca.pem");
        assert_eq!(
            settings.node_preference(),
            eventstore::NodePreference::Leader
        );
        assert!(settings.default_authenticated_user().is_some());
        assert_eq!(address.prefix, "pilot.");
    }

    #[test]
    fn one_node_or_a_name_to_discover_nodes_by() {
        let one = parse("kurrentdb://localhost:2113?tls=false");
        assert!(!one.settings.is_secure_mode_enabled());
        assert!(!one.settings.is_dns_discovery_enabled());
        assert_eq!(one.prefix, "stegspor.");
        for scheme in ["kurrentdb+discover", "esdb+discover"] {
            let many = parse(&format!("{scheme}://cluster.example:2113"));
            assert!(many.settings.is_dns_discovery_enabled());
            assert!(many.settings.is_secure_mode_enabled());
        }
    }

    #[test]
    fn an_error_repeats_nothing_of_the_address() {
        for wrong in [
            "esdb://ada:secret@:x",
            "esdb://ada:secret@a:1,b:secret",
            "esdb://ada:secret@a?tls=secret",
            "esdb://ada:secret@a?log=Secret",
            "esdb://ada:secret@a?log=",
            "esdb:secret",
        ] {
            let error = Address::parse(wrong).unwrap_err();
            let told = format!("{error} {error:?}").to_lowercase();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
