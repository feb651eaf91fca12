//! Serves until SIGTERM or Ctrl-C.

use std::error::Error;

use clap::Parser;
use http_server::server::Server;
use http_server::settings::Settings;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::bind(Settings::parse()).await?;
    let stop = told_to_stop()?;
    println!("listening at {}", server.address()?);
    let (read, answered) = server.serve_until(stop).await;
    println!("{read} requests read, {answered} answered");
    Ok(())
}

#[cfg(unix)]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    })
}
