use proptest::prelude::*;

use super::*;
use crate::patch::operation;
use crate::resources::rest_api::sample_catalog;

/// An API with these paths, each named by its path part, below the root or below `parent`.
fn tree(resources: &[(&str, &str)]) -> Catalog {
    let mut catalog = sample_catalog("api1", &[]);
    for (parent, part) in resources {
        let change = add(&catalog, parent, part, part).expect("a resource");
        catalog = catalog.apply(change.edits());
    }
    catalog
}

fn add(catalog: &Catalog, parent: &str, id: &str, part: &str) -> Result<Change<Resource>, String> {
    let tree = super::tree(catalog, &RestApiId::new("api1")).expect("an API");
    let change = decide_create(tree, &ResourceId::new(parent), ResourceId::new(id), part);
    change.map_err(|failure| failure.to_string())
}

fn patched(catalog: &Catalog, id: &str, path: &str, value: &'static str) -> Result<Catalog, String> {
    let api = RestApiId::new("api1");
    let before = find(catalog, &api, &ResourceId::new(id)).expect("a resource");
    let operations = [operation(Op::Replace, path, value)];
    let change = decide_update(super::tree(catalog, &api).expect("an API"), before, &operations);
    change.map(|change| catalog.apply(change.edits())).map_err(|failure| failure.to_string())
}

fn path(catalog: &Catalog, id: &str) -> String {
    find(catalog, &RestApiId::new("api1"), &ResourceId::new(id)).expect("a resource").path.clone()
}

#[test]
fn places_are_refused_in_the_words_of_aws() {
    let catalog = tree(&[("root", "pets"), ("root", "{proxy+}")]);
    let refused = |parent, part| add(&catalog, parent, "new", part).expect_err("a refusal");
    assert_eq!(refused("root", "pets"), "Another resource with the same parent already has this name: pets");
    assert_eq!(
        refused("root", "{id}"),
        "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"
    );
    assert_eq!(refused("{proxy+}", "x"), "Cannot create a child of a resource with a greedy path variable: {proxy+}");
    assert_eq!(refused("nope", "x"), "Invalid Resource identifier specified");
    for bad in ["", "a b", "a/b", "{", "{}", "{+}", "{a", "a}", "é"] {
        assert!(refused("root", bad).starts_with("Resource's path part only allow"), "{bad}");
    }
}

#[test]
fn moving_a_resource_moves_all_below_it() {
    let catalog = tree(&[("root", "a"), ("a", "b"), ("b", "c"), ("root", "d")]);
    let moved = patched(&catalog, "b", "/parentId", "d").expect("a move");
    assert_eq!((path(&moved, "b"), path(&moved, "c")), ("/d/b".to_owned(), "/d/b/c".to_owned()));
    let renamed = patched(&moved, "d", "/pathPart", "x").expect("a new name");
    assert_eq!(path(&renamed, "c"), "/x/b/c");
}

#[test]
fn a_tree_stays_a_tree() {
    let catalog = tree(&[("root", "a"), ("a", "b")]);
    assert_eq!(patched(&catalog, "a", "/parentId", "b"), Err("Resources cannot be cyclical.".to_owned()));
    assert_eq!(patched(&catalog, "a", "/parentId", "a"), Err("Resources cannot be cyclical.".to_owned()));
    assert_eq!(
        patched(&catalog, "root", "/pathPart", "x"),
        Err("Root resource cannot update its pathPart.".to_owned())
    );
    assert_eq!(
        patched(&catalog, "root", "/parentId", "a"),
        Err("Root resource cannot update its parentId.".to_owned())
    );
    assert_eq!(
        patched(&catalog, "a", "/invalid", "x"),
        Err("Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"
            .to_owned())
    );
}

#[test]
fn deleting_a_resource_deletes_all_below_it() {
    let catalog = tree(&[("root", "a"), ("a", "b"), ("b", "c"), ("root", "d")]);
    let api = RestApiId::new("api1");
    let tree = super::tree(&catalog, &api).expect("an API");
    let change = decide_delete(tree, &tree.resources[&ResourceId::new("a")]).expect("a change");
    let after = catalog.apply(change.edits());
    let left: Vec<_> = after.rest_apis[&api].resources.values().map(|one| one.path.clone()).collect();
    assert_eq!(left, ["/d", "/"]);
    assert!(decide_delete(tree, &tree.resources[&ResourceId::new("root")]).is_err());
}

proptest! {
    #[test]
    fn any_sequence_of_moves_leaves_a_tree_with_true_paths(
        moves in prop::collection::vec((0usize..6, 0usize..6), 0..20),
    ) {
        const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let mut catalog = tree(&[("root", "a"), ("a", "b"), ("b", "c"), ("root", "d"), ("d", "e"), ("d", "f")]);
        for (id, parent) in moves {
            catalog = patched(&catalog, IDS[id], "/parentId", IDS[parent]).unwrap_or(catalog);
        }
        let tree = &catalog.rest_apis[&RestApiId::new("api1")];
        for resource in tree.resources.values() {
            let Some(parent) = &resource.parent_id else { continue };
            let expected = resource_rules::join(&tree.resources[parent].path, &resource.path_part);
            prop_assert_eq!(&resource.path, &expected);
        }
        prop_assert_eq!(resource_rules::below(tree, &ResourceId::new("root")).count(), 6);
    }
}
