//! The publisher against brokers that behave, break off and fall silent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use model::Instant;
use sensors_sim::{Event, PublishError, Published, Publisher};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

const DEADLINE: Duration = Duration::from_secs(20);

/// How a stand-in for a broker treats publishes.
#[derive(Clone, Copy)]
enum Manner {
    /// Acknowledges all.
    Fine,
    /// Hangs up once after this many publishes, before it acknowledges the last.
    BreaksAfter(usize),
    /// Takes all and acknowledges nothing.
    Silent,
}

/// A broker of few words on a free port; it tells the payload of every publish.
async fn broker(manner: Manner) -> (String, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    let seen = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner, tell.clone(), Arc::clone(&seen)));
        }
    });
    (url, told)
}

async fn serve(
    mut stream: TcpStream,
    manner: Manner,
    tell: mpsc::UnboundedSender<Vec<u8>>,
    seen: Arc<AtomicUsize>,
) -> Option<()> {
    loop {
        let kind = stream.read_u8().await.ok()?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = stream.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        match kind >> 4 {
            // Connect: accepted, no session, no properties.
            1 => stream.write_all(&[0x20, 3, 0, 0, 0]).await.ok()?,
            3 => {
                let topic = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                let has_id = kind & 0x06 != 0;
                // After the id one byte says that there are no properties.
                let start = topic + if has_id { 3 } else { 1 };
                tell.send(body[start..].to_vec()).ok()?;
                let count = seen.fetch_add(1, SeqCst) + 1;
                match manner {
                    Manner::BreaksAfter(last) if count == last => return None,
                    Manner::Silent => {}
                    Manner::Fine | Manner::BreaksAfter(_) if has_id => {
                        stream.write_all(&[0x40, 2, body[topic], body[topic + 1]]).await.ok()?;
                    }
                    Manner::Fine | Manner::BreaksAfter(_) => {}
                }
            }
            12 => stream.write_all(&[0xd0, 0]).await.ok()?,
            _ => {}
        }
    }
}

fn events(count: usize) -> impl Iterator<Item = Event> {
    (0..count).map(|number| Event {
        time: Instant::from_millis(i64::try_from(number).unwrap() * 1000),
        topic: "normwatch/v1/test".to_owned(),
        payload: number.to_string().into_bytes(),
        qos: 1,
        retain: false,
    })
}

#[tokio::test]
async fn everything_published_is_acknowledged_before_the_run_ends() {
    let (url, mut told) = broker(Manner::Fine).await;
    let done = timeout(DEADLINE, Publisher::new(url, "test").publish(events(5_000))).await.unwrap().unwrap();
    assert_eq!(done, Published { published: 5_000, acked: 5_000 });
    let mut heard = 0;
    while let Ok(payload) = told.try_recv() {
        assert_eq!(payload, heard.to_string().into_bytes());
        heard += 1;
    }
    assert_eq!(heard, 5_000);
}

#[tokio::test]
async fn at_quality_zero_the_run_ends_when_all_is_sent() {
    let (url, mut told) = broker(Manner::Fine).await;
    let publisher = Publisher { qos: Some(0), ..Publisher::new(url, "test") };
    let done = timeout(DEADLINE, publisher.publish(events(1_000))).await.unwrap().unwrap();
    assert_eq!(done, Published { published: 1_000, acked: 1_000 });
    for _ in 0..1_000 {
        assert!(timeout(DEADLINE, told.recv()).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn after_a_broken_connection_what_was_not_acknowledged_is_sent_again() {
    let (url, mut told) = broker(Manner::BreaksAfter(700)).await;
    let done = timeout(DEADLINE, Publisher::new(url, "test").publish(events(2_000))).await.unwrap().unwrap();
    assert_eq!(done.acked, 2_000);
    let mut heard = std::collections::BTreeSet::new();
    while let Ok(payload) = told.try_recv() {
        heard.insert(String::from_utf8(payload).unwrap());
    }
    assert_eq!(heard.len(), 2_000);
}

#[tokio::test]
async fn a_broker_that_acknowledges_nothing_is_told_of() {
    let (url, _told) = broker(Manner::Silent).await;
    let publisher = Publisher { patience: Duration::from_millis(300), ..Publisher::new(url, "test") };
    let error = timeout(DEADLINE, publisher.publish(events(10))).await.unwrap().unwrap_err();
    assert!(matches!(error, PublishError::Stalled { published: 10, acked: 0, .. }), "{error}");
}

#[tokio::test]
async fn an_event_waits_for_its_time() {
    let (url, mut told) = broker(Manner::Fine).await;
    let clock = Arc::new(AtomicI64::new(2_500));
    let now = Arc::clone(&clock);
    let run = tokio::spawn(async move {
        let read = || Instant::from_millis(now.load(SeqCst));
        Publisher::new(url, "test").play(events(5), read, 1_000.0).await
    });
    for expected in ["0", "1", "2"] {
        let payload = timeout(DEADLINE, told.recv()).await.unwrap().unwrap();
        assert_eq!(payload, expected.as_bytes());
    }
    // Event 3 is due at 3,000; the clock stands at 2,500.
    assert!(timeout(Duration::from_millis(150), told.recv()).await.is_err());
    clock.store(10_000, SeqCst);
    let done = timeout(DEADLINE, run).await.unwrap().unwrap().unwrap();
    assert_eq!(done.acked, 5);
}
