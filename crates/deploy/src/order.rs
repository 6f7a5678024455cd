//! The order in which resources are made: each after those that it names.

use std::collections::{BTreeMap, BTreeSet};

use crate::mistake::{Fault, Mistake};
use crate::scope::Scope;
use crate::template::{Resource, Template};

/// The logical ids of the resources that are made, in order. Where nothing else decides, that of the template is kept.
pub(crate) fn order(template: &Template, scope: &Scope) -> Result<Vec<String>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut needs = BTreeMap::new();
    let active = match active(template, scope) {
        Ok(active) => active,
        Err(mistake) => return Err(vec![mistake]),
    };
    for (logical_id, resource) in template.resources.iter().filter(|(id, _)| active.contains(id.as_str())) {
        match needs_of(template, scope, resource, &active) {
            Ok(found) => {
                needs.insert(logical_id.as_str(), found);
            }
            Err(mistake) => mistakes.push(mistake.within(logical_id)),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut sorting = Sorting {
        needs: &needs,
        sorted: Vec::new(),
        done: BTreeSet::new(),
        visited: BTreeSet::new(),
        path: Vec::new(),
    };
    for (logical_id, _) in template.resources.iter().filter(|(id, _)| active.contains(id.as_str())) {
        if let Err(cycle) = sorting.visit(logical_id) {
            return Err(vec![Mistake::on(template.line(&cycle[0]), Fault::Cycle(cycle))]);
        }
    }
    Ok(sorting.sorted)
}

fn active<'a>(template: &'a Template, scope: &Scope) -> Result<BTreeSet<&'a str>, Mistake> {
    let mut active = BTreeSet::new();
    for (logical_id, resource) in &template.resources {
        let wanted = match &resource.condition {
            Some(condition) => scope.holds(condition, resource.line).map_err(|mistake| mistake.within(logical_id))?,
            None => true,
        };
        if wanted {
            active.insert(logical_id.as_str());
        }
    }
    Ok(active)
}

/// The resources that have to be there before one. One that its condition leaves out may be waited for, and not named.
fn needs_of(
    template: &Template,
    scope: &Scope,
    resource: &Resource,
    active: &BTreeSet<&str>,
) -> Result<Vec<String>, Mistake> {
    let mut named = BTreeSet::new();
    scope.references(&resource.properties, &mut named)?;
    if let Some((unknown, line)) = named.iter().find(|(name, _)| !active.contains(name.as_str())) {
        return Err(Mistake::on(*line, Fault::UnknownRef(unknown.clone())));
    }
    if let Some(unknown) = resource.depends_on.iter().find(|name| template.resource(name).is_none()) {
        return Err(Mistake::on(resource.line, Fault::UnknownRef(unknown.clone())));
    }
    let waited = resource.depends_on.iter().filter(|name| active.contains(name.as_str())).cloned();
    Ok(named.into_iter().map(|(name, _)| name).chain(waited).collect())
}

struct Sorting<'a> {
    needs: &'a BTreeMap<&'a str, Vec<String>>,
    sorted: Vec<String>,
    done: BTreeSet<String>,
    /// Begun, and done or not.
    visited: BTreeSet<String>,
    /// From the first that was visited to the one at hand.
    path: Vec<String>,
}

impl Sorting<'_> {
    /// Puts a resource behind all that it needs, without recursion: chains may be as long as the template.
    fn visit(&mut self, first: &str) -> Result<(), Vec<String>> {
        self.visited.insert(first.to_owned());
        let mut waiting = vec![(first.to_owned(), 0)];
        self.path = vec![first.to_owned()];
        while let Some((logical_id, next)) = waiting.last_mut() {
            let need = self.needs.get(logical_id.as_str()).and_then(|needs| needs.get(*next));
            *next += 1;
            match need {
                _ if self.done.contains(logical_id.as_str()) => {
                    waiting.pop();
                    self.path.pop();
                }
                Some(need) if self.done.contains(need) => {}
                Some(need) => {
                    if !self.visited.insert(need.clone()) {
                        // It was begun and is not done, so it is on the path.
                        let start = self.path.iter().position(|id| id == need).unwrap_or(0);
                        let mut cycle = self.path.split_off(start);
                        cycle.push(need.clone());
                        return Err(cycle);
                    }
                    self.path.push(need.clone());
                    waiting.push((need.clone(), 0));
                }
                None => {
                    self.sorted.push(logical_id.clone());
                    self.done.insert(logical_id.clone());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scope::Place;

    fn sorted(needs: &[Vec<usize>]) -> Result<Vec<String>, Vec<Mistake>> {
        let resource = |(index, needs): (usize, &Vec<usize>)| {
            let needs: Vec<String> = needs.iter().map(|need| format!("R{need}")).collect();
            format!("  R{index}: {{Type: AWS::IAM::Role, DependsOn: [{}]}}\n", needs.join(", "))
        };
        let text: String = needs.iter().enumerate().map(resource).collect();
        let template = Template::read(&format!("Resources:\n{text}")).expect("a template");
        let place = Place { region: "r".into(), account_id: "0".into(), stack: "s".into(), exports: BTreeMap::new() };
        let scope = Scope::new(&template, &BTreeMap::new(), place).expect("a scope");
        order(&template, &scope)
    }

    #[test]
    fn a_cycle_is_named_from_end_to_end() {
        let mistakes = sorted(&[vec![1], vec![2], vec![1]]).expect_err("a cycle");
        let cycle = ["R1", "R2", "R1"].map(str::to_owned).to_vec();
        assert_eq!(mistakes[0].fault, Fault::Cycle(cycle));
    }

    #[test]
    fn a_chain_may_be_as_long_as_the_template() {
        let chain: Vec<Vec<usize>> =
            (0..20_000).map(|index| if index < 19_999 { vec![index + 1] } else { vec![] }).collect();
        assert_eq!(sorted(&chain).expect("an order")[0], "R19999");
    }

    proptest! {
        #[test]
        fn all_come_once_and_after_what_they_need(
            needs in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..30),
        ) {
            // What is needed has a lower number, so that there is no cycle.
            let needs: Vec<Vec<usize>> = needs.iter().enumerate().map(|(index, needs)| {
                if index == 0 { Vec::new() } else { needs.iter().map(|need| need.index(index)).collect() }
            }).collect();
            let order = sorted(&needs).expect("an order");
            prop_assert_eq!(order.len(), needs.len());
            let at = |index: usize| order.iter().position(|id| *id == format!("R{index}")).expect("in the order");
            for (index, needs) in needs.iter().enumerate() {
                for need in needs {
                    prop_assert!(at(*need) < at(index));
                }
            }
        }
    }
}
