//! A TCP proxy between two real peers that cuts, stalls and trickles.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// What the proxy does to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Passes them on.
    Pass,
    /// Passes so many more bytes on from the server, or to it, then breaks both ends.
    Cut { after: u64, from_server: bool },
    /// Passes everything on to the server; its first answer after so many more bytes is swallowed, and both
    /// ends break.
    Swallow { after: u64 },
    /// Passes on a few bytes at a time.
    Trickle,
    /// Passes nothing on, and keeps both ends open.
    Stall,
}

/// A running proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    plan: watch::Sender<Plan>,
    /// Connections that a plan broke.
    pub(crate) cuts: Arc<AtomicU64>,
    /// Connections of an older age are half open: nothing passes, and nobody tells.
    age: watch::Sender<u64>,
    task: JoinHandle<()>,
}

/// What one connection needs to know.
#[derive(Debug, Clone)]
struct Link {
    plan: watch::Sender<Plan>,
    cuts: Arc<AtomicU64>,
    age: watch::Receiver<u64>,
    born: u64,
    /// Bytes to the server since it was connected.
    sent: Arc<AtomicU64>,
}

impl Proxy {
    /// A proxy on a free port before the server at `target`.
    pub(crate) async fn before(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (plan, _) = watch::channel(Plan::Pass);
        let (age, ages) = watch::channel(0);
        let cuts = Arc::new(AtomicU64::new(0));
        let link =
            Link { plan: plan.clone(), cuts: Arc::clone(&cuts), age: ages, born: 0, sent: Arc::default() };
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let born = *link.age.borrow();
                let link = Link { born, sent: Arc::default(), ..link.clone() };
                tokio::spawn(connect(client, target, link));
            }
        });
        Self { port, plan, cuts, age, task }
    }

    pub(crate) fn plan(&self, plan: Plan) {
        self.plan.send_replace(plan);
    }

    pub(crate) fn is_passing(&self) -> bool {
        *self.plan.borrow() == Plan::Pass
    }

    pub(crate) fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }

    /// The connections that there are become half open; new ones pass.
    pub(crate) fn freeze(&self) {
        self.age.send_modify(|age| *age += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(client: TcpStream, target: u16, link: Link) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    // When one direction ends, both ends are dropped.
    tokio::select! {
        () = pass(from_client, to_server, &link, false) => {}
        () = pass(from_server, to_client, &link, true) => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, link: &Link, from_server: bool) {
    let (mut plan, mut age) = (link.plan.subscribe(), link.age.clone());
    let mut buffer = vec![0; 4096];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
        let mut bytes = &buffer[..count];
        if *age.borrow_and_update() > link.born {
            std::future::pending::<()>().await;
        }
        if !from_server {
            link.sent.fetch_add(count as u64, Ordering::Relaxed);
        }
        let now = *plan.borrow_and_update();
        match now {
            Plan::Cut { after, from_server: direction } if direction == from_server => {
                if after < bytes.len() as u64 {
                    drop(to.write_all(&bytes[..after as usize]).await);
                    return broken(link);
                }
                link.plan.send_if_modified(|held| {
                    *held = Plan::Cut { after: after - count as u64, from_server };
                    false
                });
            }
            Plan::Swallow { after } if from_server && link.sent.load(Ordering::Relaxed) >= after => {
                return broken(link);
            }
            Plan::Trickle => {
                while bytes.len() > 7 {
                    if to.write_all(&bytes[..7]).await.is_err() {
                        return;
                    }
                    bytes = &bytes[7..];
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
            }
            Plan::Stall => {
                if plan.wait_for(|plan| *plan != Plan::Stall).await.is_err() {
                    return;
                }
            }
            Plan::Pass | Plan::Cut { .. } | Plan::Swallow { .. } => {}
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// The plan is done: what connects again passes.
fn broken(link: &Link) {
    link.cuts.fetch_add(1, Ordering::Relaxed);
    link.plan.send_replace(Plan::Pass);
}
