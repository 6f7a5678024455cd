//! The tree of an API's paths, and how a call's path and verb find their method in it.

use std::collections::BTreeMap;
use std::ops::Range;

use smallvec::SmallVec;
use tollgate_domain::HttpMethod;

use crate::path::decode_unreserved;

/// Where the path variables of a call lie in its path, from left to right.
pub(crate) type Captures = SmallVec<[Range<usize>; 4]>;

/// A method that fits, by its place in the list that the tree was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) method: usize,
    pub(crate) captures: Captures,
}

/// The paths of an API. A static segment goes before `{name}`, and `{name}` before `{name+}`; a branch without the
/// verb is left again.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    names: BTreeMap<Box<str>, usize>,
    variable: Option<usize>,
    greedy: Option<usize>,
    methods: BTreeMap<HttpMethod, usize>,
}

/// The name of a path variable, and whether it takes the rest of the path.
pub(crate) fn variable_name(segment: &str) -> Option<(&str, bool)> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    Some(name.strip_suffix('+').map_or((name, false), |name| (name, true)))
}

/// The names of a template's variables, from left to right.
pub(crate) fn variable_names(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter_map(|segment| variable_name(segment).map(|(name, _)| name))
}

impl Routes {
    /// A tree without methods.
    pub(crate) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    /// Adds a method of a resource such as `/pets/{id}`.
    pub(crate) fn insert(&mut self, template: &str, verb: HttpMethod, method: usize) {
        let mut node = 0;
        for segment in template.split('/').filter(|segment| !segment.is_empty()) {
            node = self.child(node, segment);
        }
        self.nodes[node].methods.insert(verb, method);
    }

    fn child(&mut self, node: usize, segment: &str) -> usize {
        let fresh = self.nodes.len();
        let parent = &mut self.nodes[node];
        let child = match variable_name(segment) {
            None => *parent.names.entry(segment.into()).or_insert(fresh),
            Some((_, false)) => *parent.variable.get_or_insert(fresh),
            Some((_, true)) => *parent.greedy.get_or_insert(fresh),
        };
        if child == fresh {
            self.nodes.push(Node::default());
        }
        child
    }

    /// Finds the method for a path and a verb. One slash at the end of the path counts for nothing.
    pub(crate) fn find(&self, path: &str, verb: HttpMethod) -> Option<Found> {
        let mut captures = Captures::new();
        let end = path.strip_suffix('/').unwrap_or(path).len();
        let search = Search { routes: self, path, end, verb };
        let method = search.descend(0, 1, &mut captures)?;
        Some(Found { method, captures })
    }
}

struct Search<'a> {
    routes: &'a Routes,
    path: &'a str,
    /// Where the last segment ends.
    end: usize,
    verb: HttpMethod,
}

impl Search<'_> {
    /// Visits each node at most once, since a node is reached by one path only: the time is bounded by the API's size.
    fn descend(&self, node: usize, start: usize, captures: &mut Captures) -> Option<usize> {
        let node = self.routes.nodes.get(node)?;
        if start > self.end {
            return self.method(node);
        }
        let rest = &self.path[start..self.end];
        let length = rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len());
        if length == 0 {
            // An empty segment is no name and fills no variable.
            return None;
        }
        let (segment, next) = (&rest[..length], start + length + 1);
        if let Some(child) = node.names.get(&*decode_unreserved(segment))
            && let Some(method) = self.descend(*child, next, captures)
        {
            return Some(method);
        }
        if let Some(child) = node.variable {
            captures.push(start..start + length);
            if let Some(method) = self.descend(child, next, captures) {
                return Some(method);
            }
            captures.pop();
        }
        let method = self.routes.nodes.get(node.greedy?).and_then(|greedy| self.method(greedy))?;
        // The slash at the end goes along, because upstreams tell `/a` from `/a/`.
        captures.push(start..self.path.len());
        Some(method)
    }

    fn method(&self, node: &Node) -> Option<usize> {
        node.methods.get(&self.verb).or_else(|| node.methods.get(&HttpMethod::Any)).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEMPLATES: [(&str, HttpMethod); 10] = [
        ("/", HttpMethod::Get),
        ("/pets", HttpMethod::Get),
        ("/pets", HttpMethod::Any),
        ("/pets/{id}", HttpMethod::Get),
        ("/pets/mine", HttpMethod::Post),
        ("/pets/{id}/toys", HttpMethod::Get),
        ("/pets/mine/toys/all", HttpMethod::Get),
        ("/files/{path+}", HttpMethod::Any),
        ("/{proxy+}", HttpMethod::Get),
        ("/{proxy+}", HttpMethod::Options),
    ];

    fn routes() -> Routes {
        let mut routes = Routes::new();
        for (index, (template, verb)) in TEMPLATES.into_iter().enumerate() {
            routes.insert(template, verb, index);
        }
        routes
    }

    fn find(path: &str, verb: HttpMethod) -> Option<(&'static str, Vec<&str>)> {
        let found = routes().find(path, verb)?;
        Some((TEMPLATES[found.method].0, found.captures.iter().map(|range| &path[range.clone()]).collect()))
    }

    #[test]
    fn a_name_goes_before_a_variable_and_a_variable_before_the_rest() {
        let get = |path| find(path, HttpMethod::Get);
        assert_eq!(get("/"), Some(("/", vec![])));
        assert_eq!(get(""), Some(("/", vec![])));
        assert_eq!(get("/pets"), Some(("/pets", vec![])));
        assert_eq!(get("/pets/7"), Some(("/pets/{id}", vec!["7"])));
        assert_eq!(get("/pets/mine/toys"), Some(("/pets/{id}/toys", vec!["mine"])));
        assert_eq!(get("/pets/mine/toys/all"), Some(("/pets/mine/toys/all", vec![])));
        assert_eq!(get("/else/where"), Some(("/{proxy+}", vec!["else/where"])));
    }

    #[test]
    fn a_branch_without_the_verb_is_left_again() {
        assert_eq!(find("/pets/mine", HttpMethod::Get), Some(("/pets/{id}", vec!["mine"])));
        assert_eq!(find("/pets/7", HttpMethod::Options), Some(("/{proxy+}", vec!["pets/7"])));
        assert_eq!(find("/pets/7", HttpMethod::Delete), None);
    }

    #[test]
    fn a_verb_of_its_own_goes_before_any() {
        assert_eq!(routes().find("/pets", HttpMethod::Get).map(|found| found.method), Some(1));
        assert_eq!(routes().find("/pets", HttpMethod::Put).map(|found| found.method), Some(2));
    }

    #[test]
    fn one_slash_at_the_end_counts_for_nothing_and_empty_segments_fit_nowhere() {
        assert_eq!(find("/pets/", HttpMethod::Get), Some(("/pets", vec![])));
        assert_eq!(find("/pets/7/", HttpMethod::Get), Some(("/pets/{id}", vec!["7"])));
        assert_eq!(find("/files/a/", HttpMethod::Get), Some(("/files/{path+}", vec!["a/"])));
        assert_eq!(find("//", HttpMethod::Get), None);
        assert_eq!(find("//pets", HttpMethod::Get), None);
        assert_eq!(find("/pets//toys", HttpMethod::Get), Some(("/{proxy+}", vec!["pets//toys"])));
        assert_eq!(find("/files//etc", HttpMethod::Put), None);
    }

    #[test]
    fn another_spelling_of_a_name_is_that_name() {
        assert_eq!(find("/p%65ts", HttpMethod::Get), Some(("/pets", vec![])));
        assert_eq!(find("/pets/a%2Fb", HttpMethod::Get), Some(("/pets/{id}", vec!["a%2Fb"])));
    }

    fn fits(template: &str, path: &str) -> bool {
        let mut names = template.split('/').filter(|name| !name.is_empty());
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut segments = path.split('/').skip(1);
        loop {
            match (names.next(), segments.next()) {
                (None, None) => return true,
                (Some(name), Some(segment)) => match variable_name(name) {
                    _ if segment.is_empty() => return false,
                    Some((_, true)) => return true,
                    Some((_, false)) => {}
                    None if decode_unreserved(segment) == name => {}
                    None => return false,
                },
                _ => return false,
            }
        }
    }

    proptest! {
        #[test]
        fn a_path_finds_a_template_that_it_fits_or_nothing(
            path in "(/(pets|mine|toys|all|files|p%65ts|[a-z%.]{0,3})){0,5}/?",
            verb in prop::sample::select(vec![HttpMethod::Get, HttpMethod::Post, HttpMethod::Options]),
        ) {
            let served = |declared: HttpMethod| declared == verb || declared == HttpMethod::Any;
            match routes().find(&path, verb) {
                Some(found) => {
                    let (template, declared) = TEMPLATES[found.method];
                    prop_assert!(fits(template, &path), "{} does not fit {}", path, template);
                    prop_assert!(served(declared));
                    prop_assert_eq!(found.captures.len(), variable_names(template).count());
                }
                None => {
                    let fitting = TEMPLATES.iter().find(|(template, declared)| served(*declared) && fits(template, &path));
                    prop_assert!(fitting.is_none(), "{} fits {:?}", path, fitting);
                }
            }
        }
    }
}
