//! A way to a Postgres server that can be cut while a process uses it.

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Carries connections until it is cut; afterwards nobody listens there.
pub(crate) struct Way {
    pub(crate) url: String,
    cut: CancellationToken,
}

impl Way {
    /// A way to the server that an address names, with an address of its own.
    pub(crate) async fn to(database: &str) -> Self {
        let mut url: url::Url = database.parse().unwrap();
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let cut = CancellationToken::new();
        tokio::spawn(cut.clone().run_until_cancelled_owned(carry(listener, server, cut.clone())));
        Self { url: url.into(), cut }
    }

    /// Breaks every connection, for good.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }
}

async fn carry(listener: TcpListener, server: (String, u16), cut: CancellationToken) {
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(&server).await.unwrap();
        tokio::spawn(cut.clone().run_until_cancelled_owned(async move {
            // However it ends, both sides are closed.
            let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        }));
    }
}
