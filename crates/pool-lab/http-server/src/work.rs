//! What there is to compute. It looks now and then whether it is still wanted.

/// How many primes there are below this number; `None` if told to stop.
pub fn primes_below(limit: u64, is_stopped: &dyn Fn() -> bool) -> Option<u64> {
    /// Divisions between two looks, about.
    const PIECE: u64 = 256;
    let mut count = 0;
    for number in 2..limit {
        if number % PIECE == 0 && is_stopped() {
            return None;
        }
        count += u64::from(is_prime(number));
    }
    Some(count)
}

fn is_prime(number: u64) -> bool {
    (2..).take_while(|factor| factor * factor <= number).all(|factor| !number.is_multiple_of(factor))
}

/// The FNV-1a hash of these bytes.
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
