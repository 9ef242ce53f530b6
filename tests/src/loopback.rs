//! The service at an address of this machine.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::{net::TcpListener, task::AbortHandle};

/// Serves until it is dropped.
pub struct OnLoopback {
    address: SocketAddr,
    serving: AbortHandle,
}

impl OnLoopback {
    pub(crate) async fn serve(router: Router) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("this machine has a free port");
        let address = listener.local_addr().expect("it has an address");
        let serving = async move { axum::serve(listener, router).await };
        Self {
            address,
            serving: tokio::spawn(serving).abort_handle(),
        }
    }

    /// Where.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for OnLoopback {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
