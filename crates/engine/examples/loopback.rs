//! The server that `cargo xtask bench load` sends to: answers every GET at once, on one thread.
//!
//! In:  a loopback address. Out: `ok` to every request whose head is whole, in a process of its own.
//! Not here: bodies, paths, errors. It is written by hand so that it costs less than any generator: with a server that takes
//! more than they do, all of them would seem equally fast.

use std::{error::Error, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Room for many requests at once, as a client that pipelines would send them.
const ROOM: usize = 16 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address: SocketAddr = std::env::args().nth(1).ok_or("name the address to listen on")?.parse()?;
    if !address.ip().is_loopback() {
        return Err("it listens on loopback addresses only".into());
    }
    let listener = TcpListener::bind(address).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(serve(socket));
    }
}

/// Serves one connection until its other end closes it, whichever way.
async fn serve(mut socket: TcpStream) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut room = vec![0; ROOM];
    let mut filled = 0;
    loop {
        let read = socket.read(&mut room[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let mut seen = 0;
        while let Some(at) = room[seen..filled].windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD) {
            seen += at + END_OF_HEAD.len();
            socket.write_all(ANSWER).await?;
        }
        if seen == 0 && filled == ROOM {
            // A head that does not fit is none that a generator here would send.
            return Ok(());
        }
        room.copy_within(seen..filled, 0);
        filled -= seen;
    }
}
