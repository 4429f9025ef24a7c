//! Builds `src/phone/plan.bin`: the numbering plans of all countries as one automaton.
//!
//! libphonenumber splits a number by the first format of its country that the number matches. A format is two regular
//! expressions. We run all of a country's expressions in parallel as automata, digit by digit; their states together
//! are one state here. Two numbers of the same length in the same state are split in the same way, so we ask
//! libphonenumber for only one of them. In the end we merge equivalent states across all countries.

use std::collections::{BTreeMap, HashMap};

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};
use rlibphonenumber::PHONE_NUMBER_UTIL;
use rlibphonenumber::interfaces::AsOriginal;

use crate::oracle;

/// The maximum number of digits, including the country code (ITU-T E.164 §6.2.1).
const DIGITS_MAX: usize = 15;

/// Argentina. Its split depends on whether the number is mobile, so it depends on the patterns of every kind of number.
const MOBILE_TOKEN: i32 = 54;

/// A state of the plan.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Node {
    /// The length of the NDC that the service keeps for a number that ends here.
    ndc: u8,
    /// For each next digit, an index into [`Plan::nodes`].
    next: [usize; 10],
}

/// All states. A state comes after the states that it leads to. The first one is final: it leads to itself and splits
/// nothing.
#[derive(Default)]
struct Plan {
    nodes: Vec<Node>,
    places: HashMap<Node, usize>,
    /// The state after each country code.
    roots: BTreeMap<i32, usize>,
}

/// The bytes of the table. [`customers_api::phone::plan`] describes the format.
pub fn table() -> Vec<u8> {
    let mut plan = Plan::default();
    plan.place(Node {
        ndc: 0,
        next: [0; 10],
    });
    let mut country_codes: Vec<i32> = PHONE_NUMBER_UTIL.get_supported_calling_codes().collect();
    country_codes.sort_unstable();
    for country_code in country_codes {
        let root = plan.add(country_code);
        plan.roots.insert(country_code, root);
    }
    plan.to_bytes()
}

/// A regular expression that is matched against the whole number.
type Dfa = dense::DFA<Vec<u32>>;

fn dfa(pattern: &str) -> Dfa {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .minimize(false);
    let syntax = regex_automata::util::syntax::Config::new()
        .unicode(false)
        .utf8(false);
    let nfa = regex_automata::nfa::thompson::Config::new().utf8(false);
    let mut builder = dense::Builder::new();
    builder.configure(config).syntax(syntax).thompson(nfa);
    builder.build(&format!("^(?:{pattern})$")).unwrap()
}

/// The expressions for the valid numbers of a country code: one for each kind of number in each of its regions.
fn existing(country_code: i32) -> Vec<String> {
    let util = PHONE_NUMBER_UTIL.as_original();
    let regions = PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(country_code);
    let kinds = regions.unwrap().flat_map(|region| {
        let metadata = util.get_metadata_for_region_or_calling_code(country_code, region);
        kinds!(metadata.unwrap())
    });
    let patterns = kinds.map(|kind| kind.national_number_pattern().original_base().to_owned());
    patterns.filter(|pattern| !pattern.is_empty()).collect()
}

/// The expressions that determine how a country's numbers are split, in groups. A group matches if all of its
/// expressions match.
fn deciding(country_code: i32) -> Vec<Vec<Dfa>> {
    let region = PHONE_NUMBER_UTIL
        .get_region_for_country_code(country_code)
        .unwrap();
    let metadata = PHONE_NUMBER_UTIL
        .as_original()
        .get_metadata_for_region_or_calling_code(country_code, region)
        .unwrap();
    let formats = metadata
        .number_format
        .iter()
        .chain(&metadata.intl_number_format);
    let mut deciding: Vec<Vec<Dfa>> = formats
        .map(|format| {
            let leading = format.leading_digits_pattern().last();
            let leading = leading.map(|leading| format!("(?:{})[0-9]*", leading.original_base()));
            let pattern = format.pattern().original_base();
            leading.into_iter().chain([pattern.to_owned()])
        })
        .map(|patterns| patterns.map(|pattern: String| dfa(&pattern)).collect())
        .collect();
    let new = oracle::NEW_FORMATS.iter();
    let new = new.filter(|format| format.country_code == country_code);
    deciding.extend(new.map(|format| {
        let leading = format!("(?:{})[0-9]*", format.leading);
        vec![dfa(&leading), dfa(format.pattern)]
    }));
    let existing = existing(country_code);
    if country_code == MOBILE_TOKEN {
        deciding.extend(existing.iter().map(|pattern| vec![dfa(pattern)]));
    }
    deciding.push(vec![dfa(&existing.join("|"))]);
    deciding
}

/// The automaton states of each group. `None` if one of the group's expressions can no longer match.
type State = Vec<Option<Vec<StateID>>>;

fn start(deciding: &[Vec<Dfa>]) -> State {
    let input = Input::new("").anchored(Anchored::Yes);
    let start = |dfa: &Dfa| dfa.start_state_forward(&input).unwrap();
    let group = |group: &Vec<Dfa>| Some(group.iter().map(start).collect());
    deciding.iter().map(group).collect()
}

fn step(deciding: &[Vec<Dfa>], state: &State, digit: u8) -> State {
    let groups = deciding.iter().zip(state);
    groups
        .map(|(group, states)| {
            let states = group.iter().zip(states.as_ref()?);
            let next = |(dfa, state): (&Dfa, &StateID)| {
                let next = dfa.next_state(*state, b'0' + digit);
                (!dfa.is_dead_state(next)).then_some(next)
            };
            states.map(next).collect()
        })
        .collect()
}

/// The length of the NDC that a number would have if it were one digit longer. `longer` has that length for each digit;
/// the result is 0 if they differ.
///
/// Some countries have old numbers that are one digit shorter than every format of libphonenumber. Their area code is
/// still certain: Stockholm is `8` in `+46 8 90510` and in `+46 8 905 100`. This applies only to numbers that
/// libphonenumber considers invalid. If it considers a number valid but does not split it, we do not either.
fn ndc_of_one_more_digit(longer: [u8; 10]) -> u8 {
    let [first, ..] = longer;
    if longer == [first; 10] { first } else { 0 }
}

impl Plan {
    /// Adds the numbers of a country code, and returns the index of their first state.
    fn add(&mut self, country_code: i32) -> usize {
        let deciding = deciding(country_code);
        let digits = DIGITS_MAX - country_code.to_string().len();

        // All states by number of digits, each with one number that leads to it.
        let mut levels = vec![HashMap::from([(start(&deciding), String::new())])];
        for length in 0..digits {
            let mut next = HashMap::new();
            for (state, number) in &levels[length] {
                // 0 comes last to avoid examples with many leading zeros: libphonenumber formats at most ten.
                for digit in [1, 2, 3, 4, 5, 6, 7, 8, 9, 0] {
                    next.entry(step(&deciding, state, digit))
                        .or_insert_with(|| format!("{number}{digit}"));
                }
            }
            levels.push(next);
        }

        // Start with the longest numbers, because a node needs the nodes that it leads to. Each state maps to its index
        // and to the NDC length that libphonenumber gives for a number that ends there.
        let mut longer = HashMap::<State, (usize, u8)>::new();
        for level in levels.into_iter().rev() {
            let mut nodes = HashMap::new();
            for (state, number) in level {
                let next: [(usize, u8); 10] = std::array::from_fn(|digit| {
                    let next = step(&deciding, &state, u8::try_from(digit).unwrap());
                    longer.get(&next).copied().unwrap_or_default()
                });
                let split = u8::try_from(oracle::ndc(country_code, &number)).unwrap();
                let ndc = if split == 0 && !oracle::is_valid(country_code, &number) {
                    ndc_of_one_more_digit(next.map(|(_, split)| split))
                } else {
                    split
                };
                let next = next.map(|(place, _)| place);
                nodes.insert(state, (self.place(Node { ndc, next }), split));
            }
            longer = nodes;
        }
        longer[&start(&deciding)].0
    }

    /// Returns the index of a node. Equal nodes share one.
    fn place(&mut self, node: Node) -> usize {
        *self.places.entry(node).or_insert_with_key(|node| {
            self.nodes.push(node.clone());
            self.nodes.len() - 1
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        // Write only the nodes that a root reaches, in an order that does not depend on a hash map.
        let mut nodes = Vec::new();
        let mut offsets = HashMap::from([(0, 0)]);
        // The final state takes offset 0, so that no other node starts there.
        nodes.push(0x10);
        nodes.push(0);
        let roots: Vec<(i32, usize)> = self
            .roots
            .iter()
            .map(|(country_code, root)| {
                (*country_code, self.write(*root, &mut nodes, &mut offsets))
            })
            .collect();

        let mut bytes = vec![u8::try_from(roots.len()).unwrap()];
        for (country_code, offset) in roots {
            bytes.extend(u16::try_from(country_code).unwrap().to_be_bytes());
            bytes.extend(u16::try_from(offset).unwrap().to_be_bytes());
        }
        bytes.extend(nodes);
        bytes
    }

    /// Writes a node after the nodes that it leads to, unless it is already written. Returns its offset.
    fn write(
        &self,
        place: usize,
        bytes: &mut Vec<u8>,
        offsets: &mut HashMap<usize, usize>,
    ) -> usize {
        if let Some(offset) = offsets.get(&place) {
            return *offset;
        }
        let node = &self.nodes[place];
        let next = node.next.map(|next| self.write(next, bytes, offsets));
        let offset = bytes.len();
        let mut runs: Vec<(u8, usize)> = Vec::new();
        for (digit, next) in (0..).zip(next) {
            if runs.last().is_none_or(|(_, last)| *last != next) {
                runs.push((digit, next));
            }
        }
        bytes.push(u8::try_from(runs.len()).unwrap() << 4 | node.ndc);
        // The first run always begins with digit 0. Each other run has a nibble for its first digit.
        for firsts in runs[1..].chunks(2) {
            let second = firsts.get(1).map_or(0, |(first, _)| *first);
            bytes.push(firsts[0].0 << 4 | second);
        }
        for (_, next) in runs {
            let distance = if next == 0 { 0 } else { offset - next };
            let [high, low] = u16::try_from(distance).unwrap().to_be_bytes();
            assert!(high < 0x80, "the table is too long for its references");
            if distance >= 0x80 {
                bytes.push(0x80 | high);
            }
            bytes.push(low);
        }
        offsets.insert(place, offset);
        offset
    }
}
