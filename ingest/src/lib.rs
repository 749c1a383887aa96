//! Bytes on a topic in, readings out.
