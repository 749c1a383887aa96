//! The first packet of a connection: who speaks which version of MQTT.

use bytes::BytesMut;
use rumqttd::protocol::{Error as Malformed, Login, Packet, Protocol as _, v4, v5};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest first packet, bytes: a name, a password and a last will need far less.
const MOST: usize = 64 * 1024;

/// Versions of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 3.1.1.
    V4,
    /// 5.
    V5,
}

impl Version {
    /// The answer to a client whose login is not right: "not authorized".
    pub(super) const fn not_authorized(self) -> &'static [u8] {
        match self {
            Self::V4 => &[0x20, 2, 0, 5],
            Self::V5 => &[0x20, 3, 0, 0x87, 0],
        }
    }
}

/// The answer to any other version: "unacceptable protocol version".
pub(super) const OTHER_VERSION: &[u8] = &[0x20, 2, 0, 1];

/// What a client began with.
#[derive(Debug)]
pub(super) struct Hello {
    /// All that was read: its first packet, and what came with it.
    pub(super) bytes: BytesMut,
    /// What it speaks.
    pub(super) version: Version,
    /// Its name at this broker.
    pub(super) client_id: String,
    /// Name and password that it says.
    pub(super) login: Option<(String, String)>,
}

/// Why a connection goes no further.
#[derive(Debug, thiserror::Error)]
pub(super) enum HelloError {
    /// It said nothing.
    #[error("nothing was said")]
    Silent,
    /// The network failed, or the other side left in the middle.
    #[error("it broke off: {0}")]
    Io(#[from] std::io::Error),
    /// It speaks something else.
    #[error("it does not begin with a whole CONNECT packet of MQTT: {0}")]
    Foreign(String),
    /// An older MQTT, or a newer one.
    #[error("it speaks level {0} of MQTT: 3.1.1 and 5 are understood")]
    Version(u8),
}

/// Reads up to the end of the first packet. The caller sets the time limit.
///
/// # Errors
/// [`HelloError`] when it is no CONNECT, too long, or not there.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Hello, HelloError> {
    let mut bytes = BytesMut::with_capacity(512);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(if bytes.is_empty() {
                HelloError::Silent
            } else {
                std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()
            });
        }
        if let Some(hello) = parse(&bytes)? {
            return Ok(hello);
        }
    }
}

/// The first packet, once it is whole.
fn parse(bytes: &BytesMut) -> Result<Option<Hello>, HelloError> {
    const CONNECT: u8 = 0x10;
    let foreign = |error: Malformed| HelloError::Foreign(error.to_string());
    if bytes.first() != Some(&CONNECT) {
        return Err(HelloError::Foreign("the first byte is another".to_owned()));
    }
    let header = match v4::check(bytes.iter(), MOST) {
        Ok(header) => header,
        Err(Malformed::InsufficientBytes(_)) => return Ok(None),
        Err(error) => return Err(foreign(error)),
    };
    // Two bytes of length, the name of the protocol, its level.
    let begin = header.fixed_header_len;
    let level = match bytes.get(begin..begin + 9) {
        Some([0, 4, b'M', b'Q', b'T', b'T', level, ..]) => *level,
        Some([0, 6, b'M', b'Q', b'I', b's', b'd', b'p', level]) => *level,
        _ => return Err(HelloError::Foreign("its protocol has another name".to_owned())),
    };
    let mut packet = bytes.clone();
    let (version, packet) = match level {
        4 => (Version::V4, v4::V4.read_mut(&mut packet, MOST)),
        5 => (Version::V5, v5::V5.read_mut(&mut packet, MOST)),
        other => return Err(HelloError::Version(other)),
    };
    let Packet::Connect(connect, _, _, _, login) = packet.map_err(foreign)? else {
        return Err(HelloError::Foreign("it is another packet".to_owned()));
    };
    let login = login.map(|Login { username, password }| (username, password));
    Ok(Some(Hello { bytes: bytes.clone(), version, client_id: connect.client_id, login }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A CONNECT of a level, with a login.
    fn connect(level: u8) -> Vec<u8> {
        let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', level, 0b1100_0010, 0, 60];
        if level == 5 {
            body.push(0);
        }
        for text in ["device", "vendor", "secret"] {
            body.extend([0, 6]);
            body.extend(text.as_bytes());
        }
        let mut packet = vec![0x10, u8::try_from(body.len()).unwrap()];
        packet.extend(body);
        packet
    }

    #[tokio::test]
    async fn both_versions_are_told_apart_with_their_login_and_what_follows_is_kept() {
        for (level, version) in [(4, Version::V4), (5, Version::V5)] {
            let mut said = connect(level);
            said.extend([0xC0, 0]);
            let hello = read(&mut said.as_slice()).await.unwrap();
            assert_eq!((hello.version, hello.client_id.as_str()), (version, "device"));
            assert_eq!(hello.login, Some(("vendor".to_owned(), "secret".to_owned())));
            assert_eq!(hello.bytes, said);
        }
    }

    #[test]
    fn a_packet_is_waited_for_to_its_last_byte_and_no_further() {
        let whole = connect(5);
        for end in 1..whole.len() {
            assert!(parse(&BytesMut::from(&whole[..end])).unwrap().is_none(), "{end}");
        }
        assert!(parse(&BytesMut::from(whole.as_slice())).unwrap().is_some());
    }

    #[tokio::test]
    async fn what_is_no_connect_of_these_versions_is_refused_at_once_and_nothing_long_is_waited_for() {
        let refused = async |bytes: &[u8]| {
            let mut stream = bytes;
            read(&mut stream).await.unwrap_err()
        };
        assert!(matches!(refused(b"").await, HelloError::Silent));
        assert!(matches!(refused(b"GET / HTTP/1.1\r\n").await, HelloError::Foreign(_)));
        assert!(matches!(refused(&[0x16, 3, 1]).await, HelloError::Foreign(_)));
        assert!(matches!(refused(&connect(6)).await, HelloError::Version(6)));
        let oldest = [&[0x10, 14, 0, 6][..], b"MQIsdp", &[3, 2, 0, 60, 0, 0]].concat();
        assert!(matches!(refused(&oldest).await, HelloError::Version(3)));
        // A length of 256 MiB: not even its second byte is waited for.
        let endless = parse(&BytesMut::from(&[0x10, 0xFF, 0xFF, 0xFF, 0x7F][..]));
        assert!(matches!(endless, Err(HelloError::Foreign(_))), "{endless:?}");
        assert!(matches!(refused(&connect(4)[..9]).await, HelloError::Io(_)));
    }
}
