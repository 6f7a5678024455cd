//! Makes the next tree of an API out of a document and the tree before.
//!
//! What an API and a document name alike is the same thing and keeps its id: resources by path, models, validators and
//! authorizers by name. Stages and deployments are left alone. The rules are those of the operations by hand, and what
//! they refuse is told in one list.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_domain::{
    Authorizer, IdSource, Integration, Method, Model, RequestValidator, Resource, ResourceId, RestApiTree,
};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::openapi::base_path::BasePath;
use crate::openapi::definition::Definition;
use crate::openapi::documentation;
use crate::openapi::notes::Notes;
use crate::openapi::operation::Operation;
use crate::resources::{authorizer, integration_response, method, method_response, model, resource_rules};

/// Resources that one import may leave an API with. AWS allows 300 unless asked for more.
const RESOURCE_LIMIT: usize = 5_000;
/// Authorizers and validators that one document may have. AWS allows ten authorizers unless asked for more.
const NAMED_LIMIT: usize = 1_000;

/// What happens to the parts of an API that a document does not mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They stay.
    Merge,
    /// They go.
    Overwrite,
}

impl Mode {
    /// Reads the query parameter; AWS merges when it is absent.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Conflict> {
        match text {
            None | Some("merge") => Ok(Self::Merge),
            Some("overwrite") => Ok(Self::Overwrite),
            Some(_) => Err(Conflict::NotAnOption { member: "mode", options: "merge,overwrite" }),
        }
    }
}

/// How a document is to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) base_path: BasePath,
    pub(crate) ignore_documentation: bool,
    pub(crate) fail_on_warnings: bool,
}

/// The tree that `definition` makes of `before`, and the warnings.
pub(crate) fn import(
    before: &RestApiTree,
    definition: &Definition,
    options: Options,
    ids: &IdSource,
) -> Result<(RestApiTree, Vec<String>), Failure> {
    let notes = definition.notes.clone();
    let mut import = Import { before, tree: before.clone(), by_path: BTreeMap::new(), notes, ids };
    definition.settings.apply(Arc::make_mut(&mut import.tree.api), options.mode)?;
    if options.mode == Mode::Overwrite {
        import.clear(options.ignore_documentation);
    }
    import.index_paths();
    import.put_parts(definition)?;
    if !options.ignore_documentation {
        documentation::merge(&mut import.tree, before, &definition.documentation, ids);
    }
    let place = |path: &str| options.base_path.place(&definition.base_path, path);
    for path in &definition.paths {
        import.put_path(&place(path))?;
    }
    for operation in &definition.operations {
        import.put_operation(&place(&operation.path), operation);
    }
    Ok((import.tree, import.notes.finish(options.fail_on_warnings)?))
}

/// An import under way.
struct Import<'a> {
    before: &'a RestApiTree,
    tree: RestApiTree,
    by_path: BTreeMap<String, ResourceId>,
    notes: Notes,
    ids: &'a IdSource,
}

impl Import<'_> {
    /// Takes away all that a document can describe. The root stays, and so do the models that every API has.
    fn clear(&mut self, keep_documentation: bool) {
        let tree = &mut self.tree;
        tree.resources.retain(|_, resource| resource.parent_id.is_none());
        for root in tree.resources.values_mut() {
            Arc::make_mut(root).methods.clear();
        }
        tree.models.retain(|name, _| model::is_default(name));
        tree.request_validators.clear();
        tree.authorizers.clear();
        tree.gateway_responses.clear();
        if !keep_documentation {
            tree.documentation_parts.clear();
        }
    }

    fn index_paths(&mut self) {
        let resources = self.tree.resources.values();
        self.by_path = resources.map(|resource| (resource.path.clone(), resource.id.clone())).collect();
    }

    fn put_parts(&mut self, definition: &Definition) -> Result<(), Conflict> {
        let counts = [("authorizers", definition.authorizers.len()), ("validators", definition.validators.len())];
        if let Some((parts, _)) = counts.into_iter().find(|(_, count)| *count > NAMED_LIMIT) {
            return Err(Conflict::TooManyParts { parts, limit: NAMED_LIMIT });
        }
        for model in definition.models.values() {
            self.put_model(model);
        }
        for validator in definition.validators.values() {
            self.put_validator(validator);
        }
        for authorizer in &definition.authorizers {
            self.put_authorizer(authorizer);
        }
        for response in &definition.gateway_responses {
            self.tree.gateway_responses.insert(response.kind, Arc::new(response.clone()));
        }
        Ok(())
    }

    fn put_model(&mut self, model: &Model) {
        if let Err(conflict) = model::check_name(&model.name) {
            return self.notes.refused(&format!("create model for '{}'", model.name), &conflict);
        }
        let known = self.before.models.get(&model.name);
        let id = known.map_or_else(|| self.ids.lower_alnum(6), |known| known.id.clone());
        let description = model.description.clone().or_else(|| known.and_then(|known| known.description.clone()));
        self.tree.models.insert(model.name.clone(), Arc::new(Model { id, description, ..model.clone() }));
    }

    fn put_validator(&mut self, validator: &RequestValidator) {
        let known = self.before.request_validators.values().find(|known| known.name == validator.name);
        let id = known.map_or_else(|| self.ids.lower_alnum(6), |known| known.id.clone());
        self.tree.request_validators.insert(id.clone(), Arc::new(RequestValidator { id, ..validator.clone() }));
    }

    fn put_authorizer(&mut self, authorizer: &Authorizer) {
        let ttl = authorizer.result_ttl_in_seconds.map(i64::from);
        if let Err(conflict) = ttl.map_or(Ok(0), authorizer::check_result_ttl) {
            return self.notes.refused(&format!("create authorizer '{}'", authorizer.name), &conflict);
        }
        let known = self.before.authorizers.values().find(|known| known.name == authorizer.name);
        let id = known.map_or_else(|| self.ids.lower_alnum(6), |known| known.id.clone());
        self.tree.authorizers.insert(id.clone(), Arc::new(Authorizer { id, ..authorizer.clone() }));
    }

    /// Puts the resource of a path there, and those above it.
    fn put_path(&mut self, path: &str) -> Result<(), Conflict> {
        let mut at = self.tree.api.root_resource_id.clone();
        for part in path.trim_matches('/').split('/').filter(|_| !path.trim_matches('/').is_empty()) {
            let Some(parent) = self.tree.resources.get(&at) else { return Ok(()) };
            let here = resource_rules::join(&parent.path, part);
            at = match self.by_path.get(&here) {
                Some(id) => id.clone(),
                None => {
                    let id = self.resource_id(&here);
                    if let Err(conflict) = resource_rules::check_place(&self.tree, &id, parent, part) {
                        self.notes.refused(&format!("create resource at path '{path}'"), &conflict);
                        return Ok(());
                    }
                    self.add_resource(id, at, part, here)?
                }
            };
        }
        Ok(())
    }

    fn resource_id(&self, path: &str) -> ResourceId {
        let known = self.before.resources.values().find(|known| known.path == path);
        known.map_or_else(|| self.ids.resource_id(), |known| known.id.clone())
    }

    fn add_resource(
        &mut self,
        id: ResourceId,
        parent: ResourceId,
        part: &str,
        path: String,
    ) -> Result<ResourceId, Conflict> {
        if self.tree.resources.len() >= RESOURCE_LIMIT {
            return Err(Conflict::TooManyParts { parts: "resources", limit: RESOURCE_LIMIT });
        }
        self.by_path.insert(path.clone(), id.clone());
        let (parent_id, path_part) = (Some(parent), part.to_owned());
        let resource = Resource { id: id.clone(), parent_id, path_part, path, methods: BTreeMap::new() };
        self.tree.resources.insert(id.clone(), Arc::new(resource));
        Ok(id)
    }

    /// Puts a method in place of the one that was there.
    fn put_operation(&mut self, path: &str, operation: &Operation) {
        let path = format!("/{}", path.trim_matches('/'));
        // A path that could not be made was noted already.
        let Some(id) = self.by_path.get(&path).cloned() else { return };
        let at = format!("'{}' for resource at path '{path}'", operation.verb);
        let Some(mut method) = self.checked_method(&at, operation) else { return };
        method.integration = self.checked_integration(&at, operation, &id);
        if let Some(resource) = self.tree.resources.get_mut(&id) {
            Arc::make_mut(resource).methods.insert(operation.verb, method);
        }
    }

    fn checked_method(&mut self, at: &str, operation: &Operation) -> Option<Method> {
        let authorizers = self.tree.authorizers.values();
        let authorizer_id = operation.authorizer.as_ref().and_then(|name| {
            authorizers.into_iter().find(|authorizer| authorizer.name == *name).map(|authorizer| authorizer.id.clone())
        });
        let validator_id = operation.validator.as_ref().map(|name| {
            let validators = self.tree.request_validators.values();
            let found = validators.into_iter().find(|validator| validator.name.as_ref() == Some(name));
            found.map(|validator| validator.id.clone()).ok_or(Conflict::NoSuchValidator)
        });
        let method = validator_id.transpose().and_then(|request_validator_id| {
            let mut method = Method { authorizer_id, request_validator_id, ..operation.method.clone() };
            method::settle(&self.tree, &mut method)?;
            Ok(method)
        });
        let method = method.map_err(|conflict| self.notes.refused(&format!("put method {at}"), &conflict)).ok()?;
        for (code, response) in &method.responses {
            if let Err(conflict) = method_response::check(&self.tree, response) {
                self.notes.refused(&format!("put method response {code} on {at}"), &conflict);
            }
        }
        Some(method)
    }

    fn checked_integration(&mut self, at: &str, operation: &Operation, resource: &ResourceId) -> Option<Integration> {
        let built = operation.integration.as_ref()?.build(resource);
        let integration =
            built.map_err(|failure| self.notes.refused(&format!("put integration on {at}"), &failure)).ok()?;
        for (code, response) in &integration.responses {
            let declared = operation.method.responses.contains_key(code);
            let declared = if declared { Ok(()) } else { Err(Conflict::NoSuchResponse) };
            if let Err(conflict) = declared.and_then(|()| integration_response::check(response)) {
                self.notes.refused(&format!("put integration response on {at}"), &conflict);
            }
        }
        Some(integration)
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
