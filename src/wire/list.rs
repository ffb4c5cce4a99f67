//! Writes a message that consists of one long list as JSON, element by element.
//!
//! The list never exists in memory as a whole, and the JSON is written in chunks, so that no
//! growing buffer has to be copied.

use std::mem;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The size of a chunk in bytes: small enough for a fragmented heap, large enough to be sent at
/// once.
const PIECE: usize = 64 << 10;
/// The number of bytes that a chunk keeps free for its last element.
const MARGIN: usize = 512;

/// A JSON text in chunks of bounded size.
#[derive(Debug)]
pub struct Written {
    /// The chunks, in order. Joined, they are the JSON text.
    pub pieces: Vec<Bytes>,
}

impl Written {
    /// Parses the JSON text, for a caller that works on with the data.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.pieces.concat())
            .map_err(|error| Error::internal(format!("A reply was not read: {error}")))
    }
}

/// Writes a JSON object with one list, element by element.
pub struct ListWriter {
    /// The name of the list field in the message.
    field: &'static str,
    full: Vec<Bytes>,
    piece: Vec<u8>,
    any: bool,
}

impl ListWriter {
    /// Starts a message whose list is in `field`.
    pub fn new(field: &'static str) -> Self {
        Self {
            field,
            full: Vec::new(),
            piece: b"{".to_vec(),
            any: false,
        }
    }

    /// Appends an element. Fails if the element cannot be serialized.
    pub fn push(&mut self, element: &impl Serialize) -> Result<()> {
        if self.any {
            self.piece.push(b',');
        } else {
            self.open();
        }
        write(&mut self.piece, element)?;
        if self.piece.len() > PIECE - MARGIN {
            let full = mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
            self.full.push(full.into());
        }
        Ok(())
    }

    /// Writes the name of the list and its opening bracket.
    fn open(&mut self) {
        self.any = true;
        self.piece.push(b'"');
        self.piece.extend_from_slice(self.field.as_bytes());
        self.piece.extend_from_slice(b"\":[");
    }

    /// Finishes the text as protobuf's JSON of the message, which leaves an empty list out.
    pub fn into_message(mut self, next_page_token: Option<&str>) -> Result<Written> {
        if self.any {
            self.piece.push(b']');
        }
        if let Some(token) = next_page_token {
            if self.any {
                self.piece.push(b',');
            }
            self.piece.extend_from_slice(b"\"next_page_token\":");
            write(&mut self.piece, &token)?;
        }
        Ok(self.end())
    }

    /// Finishes the text as an object that always has the list, even if it is empty.
    pub fn into_object(mut self) -> Written {
        if !self.any {
            self.open();
        }
        self.piece.push(b']');
        self.end()
    }

    /// Closes the object and returns the chunks.
    fn end(mut self) -> Written {
        self.piece.push(b'}');
        self.full.push(self.piece.into());
        Written { pieces: self.full }
    }
}

fn write(into: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(into, value)
        .map_err(|error| Error::internal(format!("A reply was not written: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Metric, get_metric_history};

    fn text(written: &Written) -> String {
        String::from_utf8(written.pieces.concat()).unwrap()
    }

    #[test]
    fn writes_what_the_message_would_be() {
        for (points, token) in [(0, None), (1, None), (3, Some("a\"b")), (0, Some("c"))] {
            let message = get_metric_history::Response {
                metrics: (0..points)
                    .map(|step| Metric {
                        key: Some("k\"".to_owned()),
                        value: Some(f64::NAN),
                        step: Some(step),
                        ..Metric::default()
                    })
                    .collect(),
                next_page_token: token.map(str::to_owned),
            };
            let mut list = ListWriter::new("metrics");
            for metric in &message.metrics {
                list.push(metric).unwrap();
            }
            let written = list.into_message(token).unwrap();
            assert_eq!(text(&written), serde_json::to_string(&message).unwrap());
        }
        assert_eq!(
            text(&ListWriter::new("metrics").into_object()),
            r#"{"metrics":[]}"#
        );
    }

    #[test]
    fn no_piece_is_much_larger_than_the_others() {
        let mut list = ListWriter::new("numbers");
        for number in 0..100_000 {
            list.push(&number).unwrap();
        }
        let written = list.into_object();
        assert!(written.pieces.len() > 2);
        assert!(written.pieces.iter().all(|piece| piece.len() <= PIECE));
        let read: serde_json::Value = serde_json::from_str(&text(&written)).unwrap();
        assert_eq!(read["numbers"].as_array().unwrap().len(), 100_000);
    }
}
