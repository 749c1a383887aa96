//! The servers that tests start: they answer, they die, they come back.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::net::{Ipv4Addr, TcpStream};

use common::mosquitto::Mosquitto;

#[tokio::test]
async fn a_broker_can_be_killed_and_started_again_on_its_port() {
    let Some(mut broker) = Mosquitto::start("").await else { return };
    let connect = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    assert!(connect(broker.port()).is_ok());
    broker.kill();
    assert!(connect(broker.port()).is_err());
    assert!(broker.again().await);
    assert!(connect(broker.port()).is_ok());
}
