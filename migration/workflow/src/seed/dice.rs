//! Chance that falls the same way every time, on every machine and in every release: which is why it is not a generator of the
//! crate `rand`, whose small ones promise no such thing.

/// A source of numbers that follow from what it is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice for one thing: the same for the same parts.
    pub(super) fn of(parts: [u64; 4]) -> Self {
        Self(parts.into_iter().fold(0, |state, part| mixed(state ^ mixed(part))))
    }

    /// Any number. (The sequence is that of `SplitMix64`.)
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below `end`, each as likely; 0 if there is none.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        scaled(self.next(), end)
    }

    /// A number below `end`: half of them are in the first eighth, and a fifth in the first hundredth.
    pub(super) fn skewed(&mut self, end: u64) -> u64 {
        let once = self.next();
        let cubed = scaled(scaled(once, once), once);
        scaled(cubed, end)
    }

    /// Whether it happens that happens `percent` times in a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub(super) fn choose<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let place = self.below(u64::try_from(of.len()).unwrap_or_default());
        of.get(usize::try_from(place).ok()?).copied()
    }
}

/// A number of 64 bits as a share of `end`.
fn scaled(number: u64, end: u64) -> u64 {
    let share = (u128::from(number) * u128::from(end)) >> 64;
    u64::try_from(share).unwrap_or_default()
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number for a name, as good as any other (FNV-1a).
pub(super) fn number_of(name: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_skewed_and_never_changes() {
        let mut dice = Dice::of([1, 2, 3, 4]);
        assert_eq!(dice.next(), Dice::of([1, 2, 3, 4]).next());
        let falls: Vec<_> = (0..10_000).map(|_| dice.skewed(1_000)).collect();
        let below = |end| falls.iter().filter(|fall| **fall < end).count();
        assert!((4_800..5_200).contains(&below(125)), "{}", below(125));
        assert!((1_900..2_400).contains(&below(10)), "{}", below(10));
        assert!(falls.iter().any(|fall| *fall > 950) && below(1_000) == 10_000);
        assert_eq!(dice.below(0), 0);
        // Another number here would give every seed other rows.
        assert_eq!(Dice::of([0; 4]).next(), 16_294_208_416_658_607_535);
    }
}
