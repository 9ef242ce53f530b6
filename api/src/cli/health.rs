//! `stegspor health`: asks a running service how it is, for whoever supervises it.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::Context;
use clap::Args;

use super::{Ended, settings::Where};

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ask a running service on this machine how it is
///
/// Asks the service that listens on the address of the settings (--listen) whether it shows what
/// the log holds (/health/ready), or with --live only whether it answers (/health/live). Prints
/// what it says; the exit status is 0 if all is well, else 1. Made for the health checks of
/// containers, which have no other client in them.
///
/// Examples:
///   stegspor health
///   stegspor health --live --listen 0.0.0.0:8080
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Health {
    /// Only whether it answers
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    pub(super) place: Where,
}

impl Health {
    pub(super) fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let path = if self.live {
            "/health/live"
        } else {
            "/health/ready"
        };
        let (status, body) = ask(reachable(settings.listen), path)
            .with_context(|| format!("no service answers on {}", settings.listen))?;
        println!("{body}");
        Ok(if status == 200 {
            Ended::Well
        } else {
            Ended::WithRefusals
        })
    }
}

/// Who listens on all addresses is reached on the machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Status and body of an answer.
fn ask(address: SocketAddr, path: &str) -> anyhow::Result<(u16, String)> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("it does not speak HTTP")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok((status.context("it does not speak HTTP")?, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_on_all_addresses_is_asked_on_its_own() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
