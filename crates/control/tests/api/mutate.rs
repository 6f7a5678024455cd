//! Makes inputs nobody would send out of those that somebody does: the same ones in every run, so that a number names
//! a case. An input that once broke something belongs into the corpus, whose files are tried as they are, too.

use std::path::Path;

/// No case is longer than this.
const LONGEST: usize = 64 << 10;
/// How often a range is repeated at most.
const MOST_REPEATS: usize = 300;

/// Real inputs, and pieces that mean something to whoever reads them.
pub(crate) struct Corpus {
    seeds: Vec<Vec<u8>>,
    pieces: &'static [&'static str],
}

impl Corpus {
    pub(crate) fn of(seeds: Vec<Vec<u8>>, pieces: &'static [&'static str]) -> Self {
        assert!(!seeds.is_empty(), "a corpus has something in it");
        Self { seeds, pieces }
    }

    /// Reads the files of a folder of `tests/corpus`, in the order of their names.
    pub(crate) fn read(folder: &str, pieces: &'static [&'static str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
        let files = std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        Self::of(files.iter().map(|file| std::fs::read(file).expect("a file")).collect(), pieces)
    }

    /// The same, with the ids of what is there in the place of a name.
    pub(crate) fn naming(mut self, name: &str, id: &str) -> Self {
        for seed in &mut self.seeds {
            *seed = String::from_utf8(std::mem::take(seed)).expect("text").replace(name, id).into_bytes();
        }
        self
    }

    /// The case with this number: the seeds themselves come first.
    pub(crate) fn case(&self, number: usize) -> Vec<u8> {
        if let Some(seed) = self.seeds.get(number) {
            return seed.clone();
        }
        let mut random = fastrand::Rng::with_seed(number as u64);
        let mut case = self.seed(&mut random).to_vec();
        for _ in 0..random.usize(1..=4) {
            self.mutate(&mut case, &mut random);
        }
        case.truncate(LONGEST);
        case
    }

    fn seed(&self, random: &mut fastrand::Rng) -> &[u8] {
        &self.seeds[random.usize(..self.seeds.len())]
    }

    fn mutate(&self, case: &mut Vec<u8>, random: &mut fastrand::Rng) {
        let range = some_range(case, random);
        match random.u8(..7) {
            0 => range.take(1).for_each(|at| case[at] ^= 1 << random.u8(..8)),
            1 => range.take(1).for_each(|at| case[at] = random.u8(..)),
            2 => case.truncate(range.start),
            3 => drop(case.drain(range)),
            4 => {
                let repeated = case[range.clone()].repeat(random.usize(1..=MOST_REPEATS));
                case.splice(range, repeated.into_iter().take(LONGEST));
            }
            5 => {
                let other = self.seed(random);
                let part = other[some_range(other, random)].to_vec();
                case.splice(range, part);
            }
            _ if self.pieces.is_empty() => {}
            _ => {
                let piece = self.pieces[random.usize(..self.pieces.len())];
                case.splice(range.start..range.start, piece.bytes());
            }
        }
    }
}

/// A part of the bytes, mostly a short one.
fn some_range(bytes: &[u8], random: &mut fastrand::Rng) -> std::ops::Range<usize> {
    let start = random.usize(..=bytes.len());
    let longest = if random.bool() { 16 } else { bytes.len() };
    start..(start + random.usize(..=longest)).min(bytes.len())
}
