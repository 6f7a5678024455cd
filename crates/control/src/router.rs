//! The contents page: every operation of AWS API Gateway's REST API, version 1, in AWS's words and order.
//!
//! A line of the table: AWS's name, method, status of success, the function that runs it, path.

use std::future::Future;
use std::pin::Pin;

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::Control;
use crate::answer::Reply;
use crate::operator;
use crate::request::Request;
use crate::resources::{
    account, api_key, api_key_import, deployment, documentation_import, export, integration, integration_response,
    method, method_response, resource, rest_api, rest_api_import, sdk, stage, tags, usage, usage_plan, usage_plan_key,
};
use crate::resources::{
    authorizer, base_path_mapping, client_certificate, documentation_part, documentation_version, domain_name,
    domain_name_access_association as access_association, gateway_response, model, request_validator, sdk_type,
    stage_cache, test_invoke, vpc_link,
};

type Running<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Runs an operation.
pub(crate) type Run = for<'a> fn(&'a Control, &'a Request) -> Running<'a>;

/// One operation.
pub(crate) struct Operation {
    /// AWS's name for it.
    pub(crate) name: &'static str,
    method: Method,
    /// The pattern of its path, and the query parameters that tell it from another with the same path.
    uri: &'static str,
    /// The status of its success.
    pub(crate) status: StatusCode,
    pub(crate) run: Run,
}

macro_rules! operations {
    ($(#[$doc:meta])* $table:ident: $($name:ident $method:ident $status:ident [$run:path] $uri:literal;)*) => {
        $(#[$doc])*
        static $table: &[Operation] = &[$(Operation {
            name: stringify!($name),
            method: Method::$method,
            uri: $uri,
            status: StatusCode::$status,
            run: |control, request| Box::pin($run(control, request)),
        }),*];
    };
}

operations! {
    /// Every operation of AWS.
    OPERATIONS:
    CreateApiKey                      POST   CREATED    [api_key::create]              "/apikeys";
    CreateAuthorizer                  POST   CREATED    [authorizer::create]           "/restapis/{restapi_id}/authorizers";
    CreateBasePathMapping             POST   CREATED    [base_path_mapping::create]    "/domainnames/{domain_name}/basepathmappings";
    CreateDeployment                  POST   CREATED    [deployment::create]           "/restapis/{restapi_id}/deployments";
    CreateDocumentationPart           POST   CREATED    [documentation_part::create]   "/restapis/{restapi_id}/documentation/parts";
    CreateDocumentationVersion        POST   CREATED    [documentation_version::create] "/restapis/{restapi_id}/documentation/versions";
    CreateDomainName                  POST   CREATED    [domain_name::create]          "/domainnames";
    CreateDomainNameAccessAssociation POST   CREATED    [access_association::create]   "/domainnameaccessassociations";
    CreateModel                       POST   CREATED    [model::create]                "/restapis/{restapi_id}/models";
    CreateRequestValidator            POST   CREATED    [request_validator::create]    "/restapis/{restapi_id}/requestvalidators";
    CreateResource                    POST   CREATED    [resource::create]             "/restapis/{restapi_id}/resources/{parent_id}";
    CreateRestApi                     POST   CREATED    [rest_api::create]             "/restapis";
    CreateStage                       POST   CREATED    [stage::create]                "/restapis/{restapi_id}/stages";
    CreateUsagePlan                   POST   CREATED    [usage_plan::create]           "/usageplans";
    CreateUsagePlanKey                POST   CREATED    [usage_plan_key::create]       "/usageplans/{usageplanId}/keys";
    CreateVpcLink                     POST   ACCEPTED   [vpc_link::create]             "/vpclinks";
    DeleteApiKey                      DELETE ACCEPTED   [api_key::delete]              "/apikeys/{api_Key}";
    DeleteAuthorizer                  DELETE ACCEPTED   [authorizer::delete]           "/restapis/{restapi_id}/authorizers/{authorizer_id}";
    DeleteBasePathMapping             DELETE ACCEPTED   [base_path_mapping::delete]    "/domainnames/{domain_name}/basepathmappings/{base_path}";
    DeleteClientCertificate           DELETE ACCEPTED   [client_certificate::delete]   "/clientcertificates/{clientcertificate_id}";
    DeleteDeployment                  DELETE ACCEPTED   [deployment::delete]           "/restapis/{restapi_id}/deployments/{deployment_id}";
    DeleteDocumentationPart           DELETE ACCEPTED   [documentation_part::delete]   "/restapis/{restapi_id}/documentation/parts/{part_id}";
    DeleteDocumentationVersion        DELETE ACCEPTED   [documentation_version::delete] "/restapis/{restapi_id}/documentation/versions/{doc_version}";
    DeleteDomainName                  DELETE ACCEPTED   [domain_name::delete]          "/domainnames/{domain_name}";
    DeleteDomainNameAccessAssociation DELETE ACCEPTED   [access_association::delete]   "/domainnameaccessassociations/{domain_name_access_association_arn}";
    DeleteGatewayResponse             DELETE ACCEPTED   [gateway_response::delete]     "/restapis/{restapi_id}/gatewayresponses/{response_type}";
    DeleteIntegration                 DELETE NO_CONTENT [integration::delete]          "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration";
    DeleteIntegrationResponse         DELETE NO_CONTENT [integration_response::delete] "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}";
    DeleteMethod                      DELETE NO_CONTENT [method::delete]               "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}";
    DeleteMethodResponse              DELETE NO_CONTENT [method_response::delete]      "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}";
    DeleteModel                       DELETE ACCEPTED   [model::delete]                "/restapis/{restapi_id}/models/{model_name}";
    DeleteRequestValidator            DELETE ACCEPTED   [request_validator::delete]    "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}";
    DeleteResource                    DELETE ACCEPTED   [resource::delete]             "/restapis/{restapi_id}/resources/{resource_id}";
    DeleteRestApi                     DELETE ACCEPTED   [rest_api::delete]             "/restapis/{restapi_id}";
    DeleteStage                       DELETE ACCEPTED   [stage::delete]                "/restapis/{restapi_id}/stages/{stage_name}";
    DeleteUsagePlan                   DELETE ACCEPTED   [usage_plan::delete]           "/usageplans/{usageplanId}";
    DeleteUsagePlanKey                DELETE ACCEPTED   [usage_plan_key::delete]       "/usageplans/{usageplanId}/keys/{keyId}";
    DeleteVpcLink                     DELETE ACCEPTED   [vpc_link::delete]             "/vpclinks/{vpclink_id}";
    FlushStageAuthorizersCache        DELETE ACCEPTED   [stage_cache::flush_authorizers] "/restapis/{restapi_id}/stages/{stage_name}/cache/authorizers";
    FlushStageCache                   DELETE ACCEPTED   [stage_cache::flush]           "/restapis/{restapi_id}/stages/{stage_name}/cache/data";
    GenerateClientCertificate         POST   CREATED    [client_certificate::generate] "/clientcertificates";
    GetAccount                        GET    OK         [account::get]                 "/account";
    GetApiKey                         GET    OK         [api_key::get]                 "/apikeys/{api_Key}";
    GetApiKeys                        GET    OK         [api_key::list]                "/apikeys";
    GetAuthorizer                     GET    OK         [authorizer::get]              "/restapis/{restapi_id}/authorizers/{authorizer_id}";
    GetAuthorizers                    GET    OK         [authorizer::list]             "/restapis/{restapi_id}/authorizers";
    GetBasePathMapping                GET    OK         [base_path_mapping::get]       "/domainnames/{domain_name}/basepathmappings/{base_path}";
    GetBasePathMappings               GET    OK         [base_path_mapping::list]      "/domainnames/{domain_name}/basepathmappings";
    GetClientCertificate              GET    OK         [client_certificate::get]      "/clientcertificates/{clientcertificate_id}";
    GetClientCertificates             GET    OK         [client_certificate::list]     "/clientcertificates";
    GetDeployment                     GET    OK         [deployment::get]              "/restapis/{restapi_id}/deployments/{deployment_id}";
    GetDeployments                    GET    OK         [deployment::list]             "/restapis/{restapi_id}/deployments";
    GetDocumentationPart              GET    OK         [documentation_part::get]      "/restapis/{restapi_id}/documentation/parts/{part_id}";
    GetDocumentationParts             GET    OK         [documentation_part::list]     "/restapis/{restapi_id}/documentation/parts";
    GetDocumentationVersion           GET    OK         [documentation_version::get]   "/restapis/{restapi_id}/documentation/versions/{doc_version}";
    GetDocumentationVersions          GET    OK         [documentation_version::list]  "/restapis/{restapi_id}/documentation/versions";
    GetDomainName                     GET    OK         [domain_name::get]             "/domainnames/{domain_name}";
    GetDomainNameAccessAssociations   GET    OK         [access_association::list]     "/domainnameaccessassociations";
    GetDomainNames                    GET    OK         [domain_name::list]            "/domainnames";
    GetExport                         GET    OK         [export::get]                  "/restapis/{restapi_id}/stages/{stage_name}/exports/{export_type}";
    GetGatewayResponse                GET    OK         [gateway_response::get]        "/restapis/{restapi_id}/gatewayresponses/{response_type}";
    GetGatewayResponses               GET    OK         [gateway_response::list]       "/restapis/{restapi_id}/gatewayresponses";
    GetIntegration                    GET    OK         [integration::get]             "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration";
    GetIntegrationResponse            GET    OK         [integration_response::get]    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}";
    GetMethod                         GET    OK         [method::get]                  "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}";
    GetMethodResponse                 GET    OK         [method_response::get]         "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}";
    GetModel                          GET    OK         [model::get]                   "/restapis/{restapi_id}/models/{model_name}";
    GetModelTemplate                  GET    OK         [model::template]              "/restapis/{restapi_id}/models/{model_name}/default_template";
    GetModels                         GET    OK         [model::list]                  "/restapis/{restapi_id}/models";
    GetRequestValidator               GET    OK         [request_validator::get]       "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}";
    GetRequestValidators              GET    OK         [request_validator::list]      "/restapis/{restapi_id}/requestvalidators";
    GetResource                       GET    OK         [resource::get]                "/restapis/{restapi_id}/resources/{resource_id}";
    GetResources                      GET    OK         [resource::list]               "/restapis/{restapi_id}/resources";
    GetRestApi                        GET    OK         [rest_api::get]                "/restapis/{restapi_id}";
    GetRestApis                       GET    OK         [rest_api::list]               "/restapis";
    GetSdk                            GET    OK         [sdk::get]                     "/restapis/{restapi_id}/stages/{stage_name}/sdks/{sdk_type}";
    GetSdkType                        GET    OK         [sdk_type::get]                "/sdktypes/{sdktype_id}";
    GetSdkTypes                       GET    OK         [sdk_type::list]               "/sdktypes";
    GetStage                          GET    OK         [stage::get]                   "/restapis/{restapi_id}/stages/{stage_name}";
    GetStages                         GET    OK         [stage::list]                  "/restapis/{restapi_id}/stages";
    GetTags                           GET    OK         [tags::get]                    "/tags/{resource_arn}";
    GetUsage                          GET    OK         [usage::get]                   "/usageplans/{usageplanId}/usage";
    GetUsagePlan                      GET    OK         [usage_plan::get]              "/usageplans/{usageplanId}";
    GetUsagePlanKey                   GET    OK         [usage_plan_key::get]          "/usageplans/{usageplanId}/keys/{keyId}";
    GetUsagePlanKeys                  GET    OK         [usage_plan_key::list]         "/usageplans/{usageplanId}/keys";
    GetUsagePlans                     GET    OK         [usage_plan::list]             "/usageplans";
    GetVpcLink                        GET    OK         [vpc_link::get]                "/vpclinks/{vpclink_id}";
    GetVpcLinks                       GET    OK         [vpc_link::list]               "/vpclinks";
    ImportApiKeys                     POST   CREATED    [api_key_import::import]       "/apikeys?mode=import";
    ImportDocumentationParts          PUT    OK         [documentation_import::import] "/restapis/{restapi_id}/documentation/parts";
    ImportRestApi                     POST   CREATED    [rest_api_import::import]      "/restapis?mode=import";
    PutGatewayResponse                PUT    CREATED    [gateway_response::put]        "/restapis/{restapi_id}/gatewayresponses/{response_type}";
    PutIntegration                    PUT    CREATED    [integration::put]             "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration";
    PutIntegrationResponse            PUT    CREATED    [integration_response::put]    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}";
    PutMethod                         PUT    CREATED    [method::put]                  "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}";
    PutMethodResponse                 PUT    CREATED    [method_response::put]         "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}";
    PutRestApi                        PUT    OK         [rest_api_import::put]         "/restapis/{restapi_id}";
    RejectDomainNameAccessAssociation POST   ACCEPTED   [access_association::reject]   "/rejectdomainnameaccessassociations";
    TagResource                       PUT    NO_CONTENT [tags::tag]                    "/tags/{resource_arn}";
    TestInvokeAuthorizer              POST   OK         [test_invoke::authorizer]      "/restapis/{restapi_id}/authorizers/{authorizer_id}";
    TestInvokeMethod                  POST   OK         [test_invoke::method]          "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}";
    UntagResource                     DELETE NO_CONTENT [tags::untag]                  "/tags/{resource_arn}";
    UpdateAccount                     PATCH  OK         [account::update]              "/account";
    UpdateApiKey                      PATCH  OK         [api_key::update]              "/apikeys/{api_Key}";
    UpdateAuthorizer                  PATCH  OK         [authorizer::update]           "/restapis/{restapi_id}/authorizers/{authorizer_id}";
    UpdateBasePathMapping             PATCH  OK         [base_path_mapping::update]    "/domainnames/{domain_name}/basepathmappings/{base_path}";
    UpdateClientCertificate           PATCH  OK         [client_certificate::update]   "/clientcertificates/{clientcertificate_id}";
    UpdateDeployment                  PATCH  OK         [deployment::update]           "/restapis/{restapi_id}/deployments/{deployment_id}";
    UpdateDocumentationPart           PATCH  OK         [documentation_part::update]   "/restapis/{restapi_id}/documentation/parts/{part_id}";
    UpdateDocumentationVersion        PATCH  OK         [documentation_version::update] "/restapis/{restapi_id}/documentation/versions/{doc_version}";
    UpdateDomainName                  PATCH  OK         [domain_name::update]          "/domainnames/{domain_name}";
    UpdateGatewayResponse             PATCH  OK         [gateway_response::update]     "/restapis/{restapi_id}/gatewayresponses/{response_type}";
    UpdateIntegration                 PATCH  OK         [integration::update]          "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration";
    UpdateIntegrationResponse         PATCH  OK         [integration_response::update] "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}";
    UpdateMethod                      PATCH  OK         [method::update]               "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}";
    UpdateMethodResponse              PATCH  CREATED    [method_response::update]      "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}";
    UpdateModel                       PATCH  OK         [model::update]                "/restapis/{restapi_id}/models/{model_name}";
    UpdateRequestValidator            PATCH  OK         [request_validator::update]    "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}";
    UpdateResource                    PATCH  OK         [resource::update]             "/restapis/{restapi_id}/resources/{resource_id}";
    UpdateRestApi                     PATCH  OK         [rest_api::update]             "/restapis/{restapi_id}";
    UpdateStage                       PATCH  OK         [stage::update]                "/restapis/{restapi_id}/stages/{stage_name}";
    UpdateUsage                       PATCH  OK         [usage::update]                "/usageplans/{usageplanId}/keys/{keyId}/usage";
    UpdateUsagePlan                   PATCH  OK         [usage_plan::update]           "/usageplans/{usageplanId}";
    UpdateVpcLink                     PATCH  OK         [vpc_link::update]             "/vpclinks/{vpclink_id}";
}

operations! {
    /// What AWS has no operation for: what an operator and the console ask of this node.
    OPERATOR_CALLS:
    CallStage         POST   OK         [operator::stage_call::call]         "/tollgate/v1/stage-calls";
    CreateConsoleLink POST   CREATED    [operator::console_link::create]     "/tollgate/v1/console-links";
    CreateCredential  POST   CREATED    [operator::credential::create]       "/tollgate/v1/credentials";
    DeleteCredential  DELETE NO_CONTENT [operator::credential::delete]       "/tollgate/v1/credentials/{access_key_id}";
    ImportAccountKeys PUT    OK         [operator::import::api_key::put]     "/tollgate/v1/import/apikeys";
    ImportAccountPlan PUT    OK         [operator::import::usage_plan::put]  "/tollgate/v1/import/usageplans/{usageplanId}";
    ImportAccountUsage PUT   OK         [operator::import::usage::put]       "/tollgate/v1/import/usageplans/{usageplanId}/usage";
    ImportAccountApi  PUT    OK         [operator::import::rest_api::put]    "/tollgate/v1/import/restapis/{restapi_id}";
    GetBusiest        GET    OK         [operator::busiest::get]             "/tollgate/v1/busiest";
    GetCredentials    GET    OK         [operator::credential::list]         "/tollgate/v1/credentials";
    GetExtensions     GET    OK         [operator::extension::list]          "/tollgate/v1/usageplans/{usageplanId}/extensions";
    GetFindings       GET    OK         [operator::findings::get]            "/tollgate/v1/findings";
    GetNearQuota      GET    OK         [operator::near_quota::get]          "/tollgate/v1/near-quota";
    GetNode           GET    OK         [operator::node::get]                "/tollgate/v1/node";
    GetNodes          GET    OK         [operator::nodes::list]              "/tollgate/v1/nodes";
    GetRefusal        GET    OK         [operator::refusals::get]            "/tollgate/v1/refusals/{request_id}";
    GetRefusals       GET    OK         [operator::refusals::list]           "/tollgate/v1/refusals";
    DeleteStack       DELETE ACCEPTED   [operator::stack::delete]            "/tollgate/v1/stacks/{stack_name}";
    GetStack          GET    OK         [operator::stack::get]               "/tollgate/v1/stacks/{stack_name}";
    GetStacks         GET    OK         [operator::stack::list]              "/tollgate/v1/stacks";
    IssueApiKey       POST   CREATED    [operator::plan_key::issue]          "/tollgate/v1/usageplans/{usageplanId}/keys";
    GetTraffic        GET    OK         [operator::traffic::get]             "/tollgate/v1/traffic";
    PutStack          PUT    OK         [operator::stack::put]               "/tollgate/v1/stacks/{stack_name}";
}

/// An operation, with the labels of its path.
pub(crate) type Routed = (&'static Operation, Vec<(&'static str, String)>);

/// The operation of AWS for a method, a raw path and a query, with the labels of the path.
///
/// The path is split before it is decoded, since an ARN in one segment has encoded slashes of its own.
pub(crate) fn find(method: &Method, path: &str, query: &[(String, String)]) -> Option<Routed> {
    find_in(OPERATIONS, method, path, query)
}

/// The operation of AWS or of our own. What comes from a socket may ask for both.
pub(crate) fn find_any(method: &Method, path: &str, query: &[(String, String)]) -> Option<Routed> {
    find(method, path, query).or_else(|| find_in(OPERATOR_CALLS, method, path, query))
}

fn find_in(table: &'static [Operation], method: &Method, path: &str, query: &[(String, String)]) -> Option<Routed> {
    let segments: Vec<String> = path
        .strip_prefix('/')?
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().map(std::borrow::Cow::into_owned))
        .collect::<Result<_, _>>()
        .ok()?;
    table
        .iter()
        .filter(|operation| operation.method == *method)
        .filter_map(|operation| Some((operation, operation.labels(&segments, query)?)))
        // Of two that share a path, the one that asks for a query parameter goes first.
        .max_by_key(|(operation, _)| operation.uri.contains('?'))
}

impl Operation {
    fn labels(&self, segments: &[String], query: &[(String, String)]) -> Option<Vec<(&'static str, String)>> {
        let (pattern, wanted) = self.uri.split_once('?').unwrap_or((self.uri, ""));
        let has = |pair: &str| query.iter().any(|(key, value)| pair.split_once('=') == Some((key, value)));
        if !wanted.is_empty() && !wanted.split('&').all(has) {
            return None;
        }
        let pattern: Vec<&'static str> = pattern.trim_start_matches('/').split('/').collect();
        if pattern.len() != segments.len() {
            return None;
        }
        let mut labels = Vec::new();
        for (part, segment) in pattern.into_iter().zip(segments) {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(label) if !segment.is_empty() => labels.push((label, segment.clone())),
                None if part == segment => {}
                Some(_) | None => return None,
            }
        }
        Some(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: Method, path: &str, query: &[(&str, &str)]) -> Option<&'static str> {
        let query: Vec<_> = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        find(&method, path, &query).map(|(operation, _)| operation.name)
    }

    #[test]
    fn all_operations_of_aws_are_named_once_and_in_order() {
        assert_eq!(OPERATIONS.len(), 124);
        assert!(OPERATIONS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn operations_that_share_a_path_are_told_apart_by_the_query() {
        assert_eq!(name(Method::POST, "/apikeys", &[]), Some("CreateApiKey"));
        assert_eq!(name(Method::POST, "/apikeys", &[("mode", "import"), ("format", "csv")]), Some("ImportApiKeys"));
        assert_eq!(name(Method::POST, "/restapis", &[("mode", "import")]), Some("ImportRestApi"));
        assert_eq!(name(Method::POST, "/restapis", &[("mode", "merge")]), Some("CreateRestApi"));
    }

    #[test]
    fn an_arn_is_one_segment() {
        let arn = "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fusageplans%2Fabc";
        let (operation, labels) = find(&Method::GET, arn, &[]).expect("an operation");
        assert_eq!(operation.name, "GetTags");
        assert_eq!(labels, [("resource_arn", "arn:aws:apigateway:us-east-1::/usageplans/abc".to_owned())]);
    }

    #[test]
    fn what_no_operation_has_is_not_found() {
        assert_eq!(name(Method::GET, "/apikeys/", &[]), None);
        assert_eq!(name(Method::PUT, "/apikeys", &[]), None);
        assert_eq!(name(Method::GET, "/apikeys/%ff", &[]), None);
        assert_eq!(name(Method::GET, "*", &[]), None);
    }
}
