//! Why a request is refused by the rules of the field, in AWS's words.
//!
//! One variant for each cause; its text is what the client reads, and [`Conflict::fault`] says what kind of "no" it
//! is. Texts without a recorded counterpart on AWS are ours and marked so.

use tollgate_domain::{ApiKeyId, HttpMethod, ResourceId, RestApiId, StageName, UsagePlanId};

/// What kind of "no" a conflict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The request can't be right.
    Bad,
    /// It names something that is not there.
    Missing,
    /// It clashes with what is there.
    Clash,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Conflict {
    // API keys
    #[error("Invalid API Key identifier specified")]
    NoSuchApiKey,
    #[error("Invalid API Key name, can be at most 1024 characters.")]
    ApiKeyNameTooLong,
    #[error("Invalid API Key description specified.")]
    ApiKeyDescriptionTooLong,
    #[error("API Key value should be at least 20 characters")]
    ApiKeyValueTooShort,
    #[error("API Key value exceeds maximum size of 128 characters")]
    ApiKeyValueTooLong,
    #[error("API Key already exists")]
    ApiKeyExists,
    /// Ours.
    #[error("Failed to import API keys: {0}")]
    BadKeyFile(String),

    // Usage plans
    #[error("Invalid Usage Plan ID specified")]
    NoSuchUsagePlan,
    #[error("Invalid API Stage specified")]
    BadApiStage,
    /// AWS forgets to fill in the blanks.
    #[error("Invalid API Stage {{api: %s, stage: %s}} specified for usageplan %s")]
    EmptyApiStage,
    #[error("Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {plan}")]
    NoSuchApiStage { plan: UsagePlanId, api: RestApiId, stage: StageName },
    #[error("API Stage not found: {api}:{stage}")]
    ApiStageNotFound { api: RestApiId, stage: StageName },
    #[error("Usage Plan quota limit must be a non-negative numeric")]
    BadQuotaLimit,
    #[error("Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]")]
    BadQuotaPeriod,
    #[error("Usage Plan quota offset must be zero in the DAY period")]
    BadDayOffset,
    #[error("Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period")]
    BadWeekOffset,
    #[error("Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period")]
    BadMonthOffset,
    /// Ours.
    #[error("Usage Plan throttle rate limit must be a non-negative numeric")]
    BadRateLimit,
    /// Ours.
    #[error("Usage Plan throttle burst limit must be a non-negative numeric")]
    BadBurstLimit,
    #[error("Invalid method {{resourcePath: {path},method: {method}}} specified")]
    BadThrottledMethod { path: String, method: String },
    #[error("Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api}:{stage}")]
    UsagePlanInUse { plan: UsagePlanId, api: RestApiId, stage: StageName },
    /// Ours; never with "try again later", which makes Terraform retry.
    #[error("API Key {key} is already in Usage Plan {plan}")]
    KeyAlreadyInPlan { key: ApiKeyId, plan: UsagePlanId },
    /// The rule is AWS's, the text is from memory of the community.
    #[error("API Key {key} cannot reference multiple Usage Plans with the same API stage: {api}:{stage}")]
    KeyInTwoPlansOfStage { key: ApiKeyId, api: RestApiId, stage: StageName },
    /// Ours.
    #[error("Invalid Usage Plan Key type specified. Must be one of [API_KEY]")]
    BadPlanKeyType,
    /// Ours.
    #[error("Invalid date specified: {0}. Dates have the form YYYY-MM-DD")]
    BadUsageDate(String),
    /// Ours.
    #[error("startDate and endDate must be specified")]
    NoUsageDates,
    /// Ours.
    #[error("The end date must not be before the start date")]
    UsageEndsBeforeStart,
    /// Ours: AWS's own limit is folklore.
    #[error("The range of usage must not exceed 366 days")]
    UsageRangeTooLong,
    /// Ours.
    #[error("Usage Plan {0} does not have a quota")]
    NoQuota(UsagePlanId),
    /// Ours.
    #[error("Invalid remaining quota specified: {0}. Must be a non-negative integer")]
    BadRemaining(String),

    // REST APIs
    #[error("Invalid API identifier specified {account}:{id}")]
    NoSuchRestApi { account: String, id: RestApiId },
    /// Ours.
    #[error("Another REST API already has this identifier: {0}")]
    RestApiExists(RestApiId),
    /// Ours.
    #[error("Invalid custom identifier specified: {0}. It may have up to 32 of a-zA-Z0-9_-")]
    BadCustomId(String),
    #[error("Description cannot be an empty string")]
    EmptyDescription,
    /// Ours.
    #[error("Invalid name specified. A name has 1 to 1024 characters")]
    BadName,
    /// Ours.
    #[error("Invalid description specified.")]
    DescriptionTooLong,
    #[error("Invalid minimum compression size, must be between 0 and 10485760")]
    BadCompressionSize,
    #[error("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")]
    BadEndpointType,
    #[error("ipAddressType must be either ipv4 or dualstack.")]
    BadIpAddressType,
    #[error("Only dualstack ipAddressType is supported for Private APIs.")]
    PrivateNeedsDualstack,
    #[error("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")]
    NoEndpointType,
    #[error("Cannot create an api with multiple Endpoint Types.")]
    ManyEndpointTypes,
    #[error("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")]
    BadPolicy,
    /// Ours.
    #[error("Invalid API Key source specified. Valid options are HEADER,AUTHORIZER")]
    BadApiKeySource,

    // Test invocations
    /// Ours.
    #[error("Invalid test request specified. The path or a header has characters that none may have")]
    BadTestRequest,

    // Resources
    #[error("Invalid Resource identifier specified")]
    NoSuchResource,
    #[error("Another resource with the same parent already has this name: {0}")]
    ResourceExists(String),
    #[error("A sibling ({0}) of this resource already has a variable path part -- only one is allowed")]
    VariableSibling(String),
    #[error("Cannot create a child of a resource with a greedy path variable: {0}")]
    ChildOfGreedy(String),
    #[error("Resources cannot be cyclical.")]
    ResourceCycle,
    #[error("Root resource cannot update its pathPart.")]
    RootPathPart,
    #[error("Root resource cannot update its parentId.")]
    RootParent,
    /// Ours.
    #[error("Root resource {0} cannot be deleted")]
    RootDeleted(ResourceId),
    #[error(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the \
         beginning and the end."
    )]
    BadPathPart,

    // Methods
    #[error("Invalid Method identifier specified")]
    NoSuchMethod,
    #[error("Method already exists for this resource")]
    MethodExists,
    #[error("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")]
    BadHttpMethod,
    /// Ours.
    #[error("Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS")]
    BadAuthorizationType,
    #[error(
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a \
         valid authorizer."
    )]
    NoSuchAuthorizer,
    #[error("Authorization Scopes are only valid for COGNITO_USER_POOLS authorization type")]
    ScopesWithoutCognito,
    #[error("Invalid Request Validator identifier specified")]
    NoSuchValidator,
    #[error("Invalid model identifier specified: {0}")]
    NoSuchModel(String),
    #[error("Parameter names must be unique across querystring, header and path")]
    ParameterClash,
    #[error("Invalid mapping expression parameter specified: {0}")]
    BadParameter(String),
    #[error("Invalid Response status code specified")]
    NoSuchResponse,
    /// Ours.
    #[error("Response already exists for this resource")]
    ResponseExists,
    #[error("Invalid parameter name specified")]
    NoSuchParameter,
    #[error("Content-Type specified was not found")]
    NoSuchContentType,

    // Integrations
    #[error("Invalid Integration identifier specified")]
    NoSuchIntegration,
    #[error("Enumeration value for HttpMethod must be non-empty")]
    NoIntegrationMethod,
    #[error("Invalid HTTP endpoint specified for URI")]
    BadHttpUri,
    #[error("Invalid ARN specified in the request")]
    BadArn,
    #[error("AWS ARN for integration must contain path or action")]
    ArnWithoutAction,
    #[error(
        "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
    )]
    ProxyNeedsLambda,
    #[error("Timeout should be between 50 ms and 29000 ms")]
    BadTimeout,
    #[error(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
         specified: {0}]"
    )]
    BadMapping(String),
    #[error("Validation Result: warnings : [], errors : [Invalid content type specified: {0}]")]
    BadContentType(String),
    #[error("Invalid regex pattern specified")]
    BadPattern,
    #[error("Invalid cache key parameter specified")]
    BadCacheKey,
    #[error("ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK")]
    NoConnectionId,
    /// Ours.
    #[error("Invalid {member} specified. Valid options are {options}")]
    NotAnOption { member: &'static str, options: &'static str },

    // Deployments and stages
    #[error("The REST API doesn't contain any methods")]
    NothingToDeploy,
    #[error("No integration defined for method")]
    MethodWithoutIntegration,
    #[error("Invalid Deployment identifier specified")]
    NoSuchDeployment,
    #[error("Active stages pointing to this deployment must be moved or deleted")]
    DeploymentInUse,
    #[error(
        "Invalid deployment content specified.Non null and non empty stageName must be provided for canary \
         deployment. Provided value is {0}"
    )]
    CanaryWithoutStage(String),
    #[error(
        "Invalid deployment content specified.Stage {0} must already be created before making a canary release \
         deployment"
    )]
    CanaryStageUnknown(StageName),
    #[error("Invalid stage identifier specified")]
    NoSuchStage,
    #[error("Stage already exists")]
    StageExists,
    #[error("Deployment id does not exist")]
    StageDeploymentUnknown,
    #[error("Stage name only allows a-zA-Z0-9_-")]
    BadStageName,
    #[error("Invalid stage variable name: {0}. Please use names with only word characters.")]
    BadVariableName(String),
    #[error(
        "Invalid stage variable value of key {0}.  Please use values with alphanumeric characters and the symbols \
         ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
    )]
    BadVariableValue(String),
    #[error("Cannot remove method setting {0} because there is no method setting for this method ")]
    NoSuchMethodSetting(String),
    #[error(
        "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, \
         /accessLogSettings/format]"
    )]
    BadAccessLogPath,
    #[error("Access Log value must not be empty")]
    EmptyAccessLog,
    #[error("Access Log format must include either $context.requestId or $context.extendedRequestId")]
    BadAccessLogFormat,
    #[error("The ARN must be a valid CloudWatch Logs log group or Kinesis Data Firehose delivery stream")]
    BadAccessLogArn,
    #[error("Invalid add operation with path: {0}")]
    BadAdd(String),
    #[error(
        "Invalid copy operation with path: {path} and from {from}. Valid copy:path are [/deploymentId, /variables] \
         and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
    )]
    BadCopy { path: String, from: String },
    #[error("Promotion not available. Canary does not exist.")]
    NoCanary,
    #[error("Invalid time-to-live setting, must be an integer no greater than 3600")]
    BadTimeToLive,
    /// Ours.
    #[error("Invalid value specified for {path}: {value}")]
    BadSetting { path: String, value: String },
    /// Ours.
    #[error("Invalid canary settings specified. percentTraffic must be between 0 and 100")]
    BadPercentTraffic,

    // Account and tags
    #[error("The role ARN is not well formed")]
    BadRoleArn,
    /// Ours.
    #[error("The feature UsagePlans cannot be removed")]
    FeatureStays,
    /// Ours.
    #[error("Invalid tag specified: {0}")]
    BadTag(String),
    /// Ours.
    #[error("Tags cannot exceed 50 per resource")]
    TooManyTags,
    /// Ours.
    #[error("Invalid ARN specified: {0}")]
    BadTagArn(String),
    /// Ours.
    #[error("Invalid resource ARN specified: {0} does not exist")]
    NoSuchTagged(String),

    // Names, links and certificates
    #[error("Invalid domain name identifier specified")]
    NoSuchDomainName,
    /// A 400 on AWS, where one might expect a 409.
    #[error("The domain name you provided already exists.")]
    DomainNameExists,
    /// Ours.
    #[error("Invalid domain name specified: {0}")]
    BadDomainName(String),
    /// Ours.
    #[error("A certificate must be specified for each endpoint type of a domain name")]
    NoCertificate,
    /// Ours.
    #[error("certificateBody and certificatePrivateKey must be specified together")]
    CertificateWithoutKey,
    #[error("Cannot import certificates for {kind} while {active} is active.")]
    CertificateForOther { kind: &'static str, active: &'static str },
    /// Ours.
    #[error("Domain name access associations are only supported for private domain names")]
    DomainNameNotPrivate,
    /// Ours.
    #[error("Invalid domain name access association identifier specified")]
    NoSuchAccessAssociation,
    /// Ours.
    #[error("Domain name access association already exists")]
    AccessAssociationExists,
    #[error("Invalid base path mapping identifier specified")]
    NoSuchBasePathMapping,
    #[error("Base path already exists for this domain name")]
    BasePathExists,
    #[error(
        "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base \
         path mapping, use API Gateway V2."
    )]
    DeepBasePath,
    /// Ours.
    #[error("Invalid base path specified. A base path only allows letters, digits and $-_.+!*'()")]
    BadBasePath,
    #[error("Invalid REST API identifier specified")]
    MappedRestApiUnknown,
    #[error("Invalid stage identifier specified")]
    MappedStageUnknown,
    #[error(
        "Deleting RestApi {id} failed. Please remove all base path mappings related to the RestApi in your domains: \
         {domains}"
    )]
    RestApiMapped { id: RestApiId, domains: String },
    #[error(
        "Deleting stage {stage} failed. Please remove all base path mappings related to the stage in your domains: \
         {domains}"
    )]
    StageMapped { stage: StageName, domains: String },
    #[error("Invalid Vpc Link identifier specified")]
    NoSuchVpcLink,
    #[error("Name cannot be empty")]
    EmptyVpcLinkName,
    #[error("Invalid ARN. ARN is not well formed {0}")]
    BadTargetArn(String),
    #[error(
        "Cannot delete vpc link. Vpc link '{id}', is referenced in [{uses}] in format of \
         [RESTApiId:Method:Resource:Stage]."
    )]
    VpcLinkInUse { id: String, uses: String },
    /// Ours.
    #[error("Invalid Client Certificate identifier specified")]
    NoSuchClientCertificate,
    /// Ours; a 400, since the stage is there and what it names is not.
    #[error("Invalid Client Certificate identifier specified")]
    StageCertificateUnknown,
    /// Ours.
    #[error("Client Certificate {id} is used by stage {api}:{stage}")]
    ClientCertificateInUse { id: String, api: RestApiId, stage: StageName },
    /// Ours.
    #[error("Invalid SDK type identifier specified")]
    NoSuchSdkType,
    // Models, request validators, authorizers, gateway responses, documentation
    #[error("Invalid model name specified: {0}")]
    UnknownModel(String),
    #[error("Model name already exists for this REST API")]
    ModelExists,
    #[error("Model name must be non-empty")]
    EmptyModelName,
    #[error("Model name must be alphanumeric: {0}")]
    BadModelName(String),
    #[error("Model schema must have at least 1 property or array items defined")]
    EmptySchema,
    #[error("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")]
    BadSchema,
    #[error("Cannot delete model '{model}', is referenced in method {message}: {path}/{verb}")]
    ModelInUse { model: String, message: &'static str, path: String, verb: HttpMethod },
    /// The rule is AWS's, the text that of methods.
    #[error("Cannot delete model '{model}', is referenced in model: {by}")]
    ModelInUseByModel { model: String, by: String },
    #[error("Invalid Request Validator identifier specified")]
    UnknownValidator,
    /// AWS answers 400 here, where the other operations answer 404.
    #[error("Invalid REST API identifier specified")]
    NoRestApiForValidator,
    #[error("Request Validator name cannot be blank")]
    BlankValidatorName,
    /// The rule is AWS's; the text after the first sentence is that of authorizers.
    #[error("Request Validator name must be unique. Request Validator {0} already exists in this RestApi.")]
    ValidatorExists(String),
    /// The rule is AWS's, the text that of authorizers.
    #[error("Cannot delete request validator '{validator}', is referenced in method: {verb}/{path}")]
    ValidatorInUse { validator: String, verb: HttpMethod, path: String },
    #[error("Invalid Authorizer identifier specified")]
    UnknownAuthorizer,
    #[error("Authorizer name must be unique. Authorizer {0} already exists in this RestApi.")]
    AuthorizerExists(String),
    #[error("Cannot delete authorizer '{authorizer}', is referenced in method: {verb}/{path}")]
    AuthorizerInUse { authorizer: String, verb: HttpMethod, path: String },
    /// The rule is ours, the text that of deletion.
    #[error("Cannot change the type of authorizer '{authorizer}', is referenced in method: {verb}/{path}")]
    AuthorizerTypeInUse { authorizer: String, verb: HttpMethod, path: String },
    /// Ours.
    #[error("Invalid authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS")]
    BadAuthorizerType,
    #[error("Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds.")]
    BadResultTtl,
    #[error("Invalid request identity source expression: {0}")]
    BadIdentitySource(String),
    /// Ours.
    #[error("Authorizers of type {0} must specify an identity source")]
    NoIdentitySource(&'static str),
    #[error(
        "Invalid Authorizer URI: {0}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda \
         function invocation."
    )]
    BadAuthorizerUri(String),
    /// Ours.
    #[error("Authorizers of type COGNITO_USER_POOLS must specify at least one provider ARN")]
    NoProviderArns,
    #[error("Gateway response type not defined on api")]
    GatewayResponseNotSet,
    #[error("Invalid null or empty value in {0}")]
    EmptyValue(&'static str),
    /// Ours.
    #[error("Invalid status code specified: {0}")]
    BadStatusCode(String),
    #[error("Invalid Documentation part identifier specified")]
    UnknownDocumentationPart,
    #[error("Documentation part already exists for the specified location: {0}")]
    DocumentationPartExists(String),
    /// Ours.
    #[error("Invalid location specified: {member} is not valid for documentation parts of type {kind}")]
    BadLocation { member: &'static str, kind: String },
    /// Ours.
    #[error("Invalid location specified: documentation parts of type {0} must have a name")]
    NamelessLocation(String),
    /// Ours.
    #[error("Invalid documentation part properties specified. Properties must be a JSON object")]
    BadProperties,
    #[error("Invalid Documentation version specified")]
    UnknownDocumentationVersion,
    /// Ours; a 400, since the stage is there and what it names is not.
    #[error("Invalid Documentation version specified")]
    StageDocumentationUnknown,
    /// Ours.
    #[error("Documentation version already exists: {0}")]
    DocumentationVersionExists(String),
    /// Ours.
    #[error("Documentation version must be non-empty")]
    EmptyDocumentationVersion,
    // Imports and exports
    #[error("Invalid OpenAPI input.")]
    BadOpenApi,
    #[error("Errors found during import:{0}")]
    ImportErrors(String),
    #[error("Warnings found during import:{0}")]
    ImportWarnings(String),
    #[error("Unable to build importer with provided input.")]
    BadDocumentationFile,
    /// Ours.
    #[error("An import may leave an API with at most {limit} {parts}")]
    TooManyParts { parts: &'static str, limit: usize },
    /// Ours.
    #[error("Invalid export type specified: {0}. Valid options are swagger,oas30")]
    BadExportType(String),
    /// Ours.
    #[error("Invalid media type specified: {0}. Valid options are application/json,application/yaml")]
    BadExportMediaType(String),
    /// Ours.
    #[error("Invalid export extension specified: {0}")]
    BadExportExtension(String),
    /// Ours.
    #[error("Invalid SDK type specified: {0}. Only javascript is built")]
    BadSdkType(String),
}

impl Conflict {
    /// What kind of "no" this is.
    pub(crate) fn fault(&self) -> Fault {
        use Conflict as C;
        match self {
            C::NoSuchApiKey
            | C::NoSuchUsagePlan
            | C::NoSuchApiStage { .. }
            | C::ApiStageNotFound { .. }
            | C::NoSuchRestApi { .. }
            | C::NoSuchResource
            | C::NoSuchMethod
            | C::NoSuchResponse
            | C::NoSuchParameter
            | C::NoSuchContentType
            | C::NoSuchIntegration
            | C::NoSuchDeployment
            | C::NoSuchStage
            | C::NoSuchTagged(_) => Fault::Missing,
            C::ApiKeyExists
            | C::KeyAlreadyInPlan { .. }
            | C::KeyInTwoPlansOfStage { .. }
            | C::RestApiExists(_)
            | C::ResourceExists(_)
            | C::MethodExists
            | C::ResponseExists
            | C::StageExists => Fault::Clash,
            C::ApiKeyNameTooLong
            | C::ApiKeyDescriptionTooLong
            | C::ApiKeyValueTooShort
            | C::ApiKeyValueTooLong
            | C::BadKeyFile(_)
            | C::BadApiStage
            | C::EmptyApiStage
            | C::BadQuotaLimit
            | C::BadQuotaPeriod
            | C::BadDayOffset
            | C::BadWeekOffset
            | C::BadMonthOffset
            | C::BadRateLimit
            | C::BadBurstLimit
            | C::BadThrottledMethod { .. }
            | C::UsagePlanInUse { .. }
            | C::BadPlanKeyType
            | C::BadUsageDate(_)
            | C::NoUsageDates
            | C::UsageEndsBeforeStart
            | C::UsageRangeTooLong
            | C::NoQuota(_)
            | C::BadRemaining(_)
            | C::BadCustomId(_)
            | C::EmptyDescription
            | C::BadName
            | C::DescriptionTooLong
            | C::BadCompressionSize
            | C::BadEndpointType
            | C::BadIpAddressType
            | C::PrivateNeedsDualstack
            | C::BadTestRequest
            | C::NoEndpointType
            | C::ManyEndpointTypes
            | C::BadPolicy
            | C::BadApiKeySource
            | C::VariableSibling(_)
            | C::ChildOfGreedy(_)
            | C::ResourceCycle
            | C::RootPathPart
            | C::RootParent
            | C::RootDeleted(_)
            | C::BadPathPart
            | C::BadHttpMethod
            | C::BadAuthorizationType
            | C::NoSuchAuthorizer
            | C::ScopesWithoutCognito
            | C::NoSuchValidator
            | C::NoSuchModel(_)
            | C::ParameterClash
            | C::BadParameter(_)
            | C::NoIntegrationMethod
            | C::BadHttpUri
            | C::BadArn
            | C::ArnWithoutAction
            | C::ProxyNeedsLambda
            | C::BadTimeout
            | C::BadMapping(_)
            | C::BadContentType(_)
            | C::BadPattern
            | C::BadCacheKey
            | C::NoConnectionId
            | C::NotAnOption { .. }
            | C::NothingToDeploy
            | C::MethodWithoutIntegration
            | C::DeploymentInUse
            | C::CanaryWithoutStage(_)
            | C::CanaryStageUnknown(_)
            | C::StageDeploymentUnknown
            | C::BadStageName
            | C::BadVariableName(_)
            | C::BadVariableValue(_)
            | C::NoSuchMethodSetting(_)
            | C::BadAccessLogPath
            | C::EmptyAccessLog
            | C::BadAccessLogFormat
            | C::BadAccessLogArn
            | C::BadAdd(_)
            | C::BadCopy { .. }
            | C::NoCanary
            | C::BadTimeToLive
            | C::BadSetting { .. }
            | C::BadPercentTraffic
            | C::BadRoleArn
            | C::FeatureStays
            | C::BadTag(_)
            | C::TooManyTags
            | C::BadTagArn(_) => Fault::Bad,

            // Names, links and certificates
            C::NoSuchDomainName
            | C::NoSuchAccessAssociation
            | C::NoSuchBasePathMapping
            | C::NoSuchVpcLink
            | C::NoSuchClientCertificate
            | C::NoSuchSdkType => Fault::Missing,
            C::BasePathExists | C::AccessAssociationExists => Fault::Clash,
            C::DomainNameExists
            | C::BadDomainName(_)
            | C::NoCertificate
            | C::CertificateWithoutKey
            | C::CertificateForOther { .. }
            | C::DomainNameNotPrivate
            | C::DeepBasePath
            | C::BadBasePath
            | C::MappedRestApiUnknown
            | C::MappedStageUnknown
            | C::RestApiMapped { .. }
            | C::StageMapped { .. }
            | C::EmptyVpcLinkName
            | C::BadTargetArn(_)
            | C::VpcLinkInUse { .. }
            | C::StageCertificateUnknown
            | C::StageDocumentationUnknown
            | C::ClientCertificateInUse { .. } => Fault::Bad,
            C::UnknownModel(_)
            | C::UnknownValidator
            | C::UnknownAuthorizer
            | C::GatewayResponseNotSet
            | C::UnknownDocumentationPart
            | C::UnknownDocumentationVersion => Fault::Missing,
            C::ModelExists
            | C::ModelInUse { .. }
            | C::ModelInUseByModel { .. }
            | C::ValidatorInUse { .. }
            | C::AuthorizerInUse { .. }
            | C::AuthorizerTypeInUse { .. }
            | C::DocumentationPartExists(_)
            | C::DocumentationVersionExists(_) => Fault::Clash,
            C::EmptyModelName
            | C::BadModelName(_)
            | C::EmptySchema
            | C::BadSchema
            | C::NoRestApiForValidator
            | C::BlankValidatorName
            | C::ValidatorExists(_)
            | C::AuthorizerExists(_)
            | C::BadAuthorizerType
            | C::BadResultTtl
            | C::BadIdentitySource(_)
            | C::NoIdentitySource(_)
            | C::BadAuthorizerUri(_)
            | C::NoProviderArns
            | C::EmptyValue(_)
            | C::BadStatusCode(_)
            | C::BadLocation { .. }
            | C::NamelessLocation(_)
            | C::BadProperties
            | C::EmptyDocumentationVersion => Fault::Bad,
            C::BadOpenApi
            | C::ImportErrors(_)
            | C::ImportWarnings(_)
            | C::BadDocumentationFile
            | C::TooManyParts { .. }
            | C::BadExportType(_)
            | C::BadExportMediaType(_)
            | C::BadExportExtension(_)
            | C::BadSdkType(_) => Fault::Bad,
        }
    }
}
