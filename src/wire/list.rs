//! A message that is one long list, written as JSON while its elements are read: the list itself never exists,
//! and the JSON never has to be copied because it grows.

use std::mem;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Small enough to be found in a fragmented memory, large enough to be sent at once.
const PIECE: usize = 64 << 10;
/// Room for an element at the end of a piece.
const MARGIN: usize = 512;

/// JSON in pieces of bounded size.
#[derive(Debug)]
pub struct Written {
    pub pieces: Vec<Bytes>,
}

impl Written {
    /// What was written, for whoever wants to go on with it.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.pieces.concat())
            .map_err(|error| Error::internal(format!("A reply was not read: {error}")))
    }
}

pub struct ListWriter {
    /// The field of the list, as the message names it.
    field: &'static str,
    full: Vec<Bytes>,
    piece: Vec<u8>,
    any: bool,
}

impl ListWriter {
    pub fn new(field: &'static str) -> Self {
        Self {
            field,
            full: Vec::new(),
            piece: b"{".to_vec(),
            any: false,
        }
    }

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

    fn open(&mut self) {
        self.any = true;
        self.piece.push(b'"');
        self.piece.extend_from_slice(self.field.as_bytes());
        self.piece.extend_from_slice(b"\":[");
    }

    /// As a message: without the list if that is empty.
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

    /// With the list, also if that is empty.
    pub fn into_object(mut self) -> Written {
        if !self.any {
            self.open();
        }
        self.piece.push(b']');
        self.end()
    }

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
