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
const CHUNK_BYTES: usize = 64 << 10;
/// The number of bytes that a chunk keeps free for its last element.
const ELEMENT_MARGIN_BYTES: usize = 512;

/// A JSON text in chunks of bounded size.
#[derive(Debug)]
pub struct JsonChunks {
    /// The chunks, in order. Joined, they are the JSON text.
    pub chunks: Vec<Bytes>,
}

impl JsonChunks {
    /// Parses the JSON text, for a caller that works on with the data.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.chunks.concat())
            .map_err(|error| Error::internal(format!("A reply was not read: {error}")))
    }
}

/// Writes a JSON object with one list, element by element.
pub struct ListWriter {
    /// The name of the list field in the message.
    field: &'static str,
    full: Vec<Bytes>,
    chunk: Vec<u8>,
    any: bool,
}

impl ListWriter {
    /// Starts a message whose list is in `field`.
    pub fn new(field: &'static str) -> Self {
        Self {
            field,
            full: Vec::new(),
            chunk: b"{".to_vec(),
            any: false,
        }
    }

    /// Appends an element. Fails if the element cannot be serialized.
    pub fn push(&mut self, element: &impl Serialize) -> Result<()> {
        if self.any {
            self.chunk.push(b',');
        } else {
            self.open();
        }
        write(&mut self.chunk, element)?;
        if self.chunk.len() > CHUNK_BYTES - ELEMENT_MARGIN_BYTES {
            let full = mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK_BYTES));
            self.full.push(full.into());
        }
        Ok(())
    }

    /// Writes the name of the list and its opening bracket.
    fn open(&mut self) {
        self.any = true;
        self.chunk.push(b'"');
        self.chunk.extend_from_slice(self.field.as_bytes());
        self.chunk.extend_from_slice(b"\":[");
    }

    /// Finishes the text as protobuf's JSON of the message, which leaves an empty list out.
    pub fn into_message(mut self, next_page_token: Option<&str>) -> Result<JsonChunks> {
        if self.any {
            self.chunk.push(b']');
        }
        if let Some(token) = next_page_token {
            if self.any {
                self.chunk.push(b',');
            }
            self.chunk.extend_from_slice(b"\"next_page_token\":");
            write(&mut self.chunk, &token)?;
        }
        Ok(self.end())
    }

    /// Finishes the text as an object that always has the list, even if it is empty.
    pub fn into_object(mut self) -> JsonChunks {
        if !self.any {
            self.open();
        }
        self.chunk.push(b']');
        self.end()
    }

    /// Closes the object and returns the chunks.
    fn end(mut self) -> JsonChunks {
        self.chunk.push(b'}');
        self.full.push(self.chunk.into());
        JsonChunks { chunks: self.full }
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

    fn text(written: &JsonChunks) -> String {
        String::from_utf8(written.chunks.concat()).unwrap()
    }

    #[test]
    fn writes_the_same_json_as_the_message() {
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
    fn chunks_have_a_bounded_size() {
        let mut list = ListWriter::new("numbers");
        for number in 0..100_000 {
            list.push(&number).unwrap();
        }
        let written = list.into_object();
        assert!(written.chunks.len() > 2);
        assert!(
            written
                .chunks
                .iter()
                .all(|chunk| chunk.len() <= CHUNK_BYTES)
        );
        let read: serde_json::Value = serde_json::from_str(&text(&written)).unwrap();
        assert_eq!(read["numbers"].as_array().unwrap().len(), 100_000);
    }
}
