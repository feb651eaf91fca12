//! A picture as a PNG file that is not compressed.

/// A square of so many pixels a side in three colours: slopes with a little noise, as of a photograph.
pub(super) fn png(side: usize) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend_from_slice(&(side as u32).to_be_bytes());
    header.extend_from_slice(&(side as u32).to_be_bytes());
    // Eight bits for each of three colours; the one compression, the one set of filters, not interlaced.
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &stored(&pixels(side)));
    chunk(&mut file, b"IEND", &[]);
    file
}

/// The rows, each behind a byte that says that it is not filtered.
fn pixels(side: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut rows = Vec::with_capacity(side * (3 * side + 1));
    for y in 0..side {
        rows.push(0);
        for x in 0..side {
            let slopes = [x * 255 / side, y * 255 / side, (x + y) * 255 / (2 * side)];
            rows.extend(slopes.map(|colour| (colour as u8).wrapping_add(random.u8(..4))));
        }
    }
    rows
}

/// A part of the file: its length, name, contents and sum.
fn chunk(file: &mut Vec<u8>, name: &[u8; 4], contents: &[u8]) {
    file.extend_from_slice(&(contents.len() as u32).to_be_bytes());
    let begin = file.len();
    file.extend_from_slice(name);
    file.extend_from_slice(contents);
    let sum = crc32(&file[begin..]);
    file.extend_from_slice(&sum.to_be_bytes());
}

/// A zlib stream of blocks that are not compressed.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = bytes.chunks(usize::from(u16::MAX));
    let last = blocks.len() - 1;
    for (i, block) in blocks.enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(i == last));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(&adler32(bytes).to_be_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn a_file_has_three_parts_and_every_pixel() {
        let side = 200;
        let file = png(side);
        let rows = side * (3 * side + 1);
        let blocks = rows.div_ceil(usize::from(u16::MAX));
        // The signature, three chunks, the header, and the stream.
        assert_eq!(file.len(), 8 + 3 * 12 + 13 + 2 + 5 * blocks + rows + 4);
        assert!(file.ends_with(b"\0\0\0\0IEND\xAE\x42\x60\x82"));
    }
}
