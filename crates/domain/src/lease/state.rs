//! The word by which a lease changes: what is open, and how much is on it.

/// Bits for units: what may be out is a hundredth of a quota, and that is less than 2²⁶.
const UNIT_BITS: u32 = 28;
const UNITS: u64 = (1 << UNIT_BITS) - 1;
const GROWTH_SHIFT: u32 = UNIT_BITS;
const GROWTH: u64 = 31 << GROWTH_SHIFT;
const NUMBER_SHIFT: u32 = 40;

/// A flag of a lease.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Flag {
    /// Units may be spent and deposited.
    Open = 1 << 33,
    /// Somebody writes the terms of the next lease.
    Opening = 1 << 34,
    /// A draw is on its way.
    Drawing = 1 << 35,
    /// The ledger has answered before.
    Answered = 1 << 36,
    /// The last draw failed.
    Failed = 1 << 37,
}

/// Units, in the low bits; how often draws have doubled; flags; and the number of the lease in the high bits, so that
/// nobody takes a later lease in the same place for the one that they saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(pub(super) u64);

impl State {
    pub(super) fn is(self, flag: Flag) -> bool {
        self.0 & flag as u64 != 0
    }

    pub(super) fn with(self, flag: Flag) -> Self {
        Self(self.0 | flag as u64)
    }

    pub(super) fn without(self, flag: Flag) -> Self {
        Self(self.0 & !(flag as u64))
    }

    pub(super) fn units(self) -> i64 {
        i64::try_from(self.0 & UNITS).unwrap_or_default()
    }

    /// With so many units; `None` when it cannot hold them.
    pub(super) fn with_units(self, units: i64) -> Option<Self> {
        let units = u64::try_from(units).ok().filter(|units| *units <= UNITS)?;
        Some(Self(self.0 & !UNITS | units))
    }

    /// With one unit less; `None` when there is none.
    pub(super) fn spent(self) -> Option<Self> {
        (self.0 & UNITS > 0).then(|| Self(self.0 - 1))
    }

    /// How often draws have doubled.
    pub(super) fn growth(self) -> u32 {
        u32::try_from((self.0 & GROWTH) >> GROWTH_SHIFT).unwrap_or_default()
    }

    /// With a draw that is twice as large as the last.
    pub(super) fn grown(self) -> Self {
        if self.0 & GROWTH == GROWTH { self } else { Self(self.0 + (1 << GROWTH_SHIFT)) }
    }

    pub(super) fn number(self) -> u32 {
        u32::try_from(self.0 >> NUMBER_SHIFT).unwrap_or_default()
    }

    /// Whether the lease of this number is open.
    pub(super) fn has_open(self, number: u32) -> bool {
        self.is(Flag::Open) && self.number() == number
    }

    /// No lease, after this one.
    pub(super) fn closed(self) -> Self {
        Self(self.0 >> NUMBER_SHIFT << NUMBER_SHIFT)
    }

    /// The next lease, without units. Numbers begin again after 2²⁴.
    pub(super) fn next(self) -> Self {
        Self((self.0 >> NUMBER_SHIFT).wrapping_add(1) << NUMBER_SHIFT).with(Flag::Open)
    }
}
