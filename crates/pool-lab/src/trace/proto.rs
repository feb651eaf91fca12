//! The protocol buffers' encoding, as far as it is needed: numbers, texts and messages in messages, by their field numbers.
//!
//! The messages of a trace are few and small, so this is less than their declarations for a library would be.

/// A message, encoded field by field.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

/// How a field is encoded: the low three bits of its key.
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
}

impl Message {
    pub(super) fn new() -> Self {
        Message::default()
    }

    /// A number: `uint64`, `int64` of zero or more, or an enumeration.
    pub(super) fn number(mut self, field: u32, value: u64) -> Self {
        self.key(field, Wire::Varint);
        self.varint(value);
        self
    }

    /// A number of eight bytes.
    pub(super) fn fixed(mut self, field: u32, value: u64) -> Self {
        self.key(field, Wire::Fixed64);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A text.
    pub(super) fn text(self, field: u32, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    /// A message.
    pub(super) fn message(self, field: u32, message: Message) -> Self {
        self.bytes(field, &message.0)
    }

    /// The encoded bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn bytes(mut self, field: u32, bytes: &[u8]) -> Self {
        self.key(field, Wire::Bytes);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn key(&mut self, field: u32, wire: Wire) {
        self.varint(u64::from(field) << 3 | wire as u64);
    }

    /// Seven bits a byte, the least first; the eighth says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the encoding's documentation.
    #[test]
    fn fields_are_encoded_as_documented() {
        assert_eq!(Message::new().number(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        let testing = [0x12, 0x07, b't', b'e', b's', b't', b'i', b'n', b'g'];
        assert_eq!(Message::new().text(2, "testing").into_bytes(), testing);
        let inner = Message::new().number(1, 150);
        assert_eq!(Message::new().message(3, inner).into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
    }

    #[test]
    fn large_fields_and_numbers_take_more_bytes() {
        assert_eq!(Message::new().number(60, 0).into_bytes(), [0xe0, 0x03, 0x00]);
        assert_eq!(
            Message::new().number(1, u64::MAX).into_bytes(),
            [&[0x08][..], &[0xff; 9], &[0x01]].concat()
        );
        assert_eq!(Message::new().fixed(1, 0x0102).into_bytes(), [0x09, 2, 1, 0, 0, 0, 0, 0, 0]);
    }
}
