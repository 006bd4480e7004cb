//! The list of all rules.

use super::Rule;

/// Every rule, sorted by name.
pub(super) const ALL: &[&Rule] = &[
    &super::strangers::ANYONE_MAY_ASSUME,
    &super::gateway::API_INVOKE_PERMISSION,
    &super::routes::BODY_WITH_ROUTE_SETTINGS,
    &super::cors::CORS_ORIGIN,
    &super::scaling::DESIRED_COUNT_WITH_SCALING,
    &super::names::FIXED_NAME,
    &super::network::HTTP_LISTENER,
    &super::machines::INSTANCE_TYPE_CHANGE,
    &super::gateway::JWT_AUTHORIZER,
    &super::data::KEEPS_DATA,
    &super::images::MUTABLE_IMAGE_TAG,
    &super::network::OPEN_INGRESS,
    &super::strangers::PUBLIC_BUCKET,
    &super::network::PUBLIC_DATABASE,
    &super::strangers::PUBLIC_RESOURCE_POLICY,
    &super::queues::REDRIVE_COUNT,
    &super::routes::ROUTE_LIMIT,
    &super::routes::ROUTE_SETTINGS,
    &super::secrets::SECRET_LITERAL,
    &super::data::SINGLE_ZONE,
    &super::routes::STAGE_DEPENDS_ON_ROUTES,
    &super::data::UNENCRYPTED_STORAGE,
    &super::machines::USER_DATA_SIZE,
    &super::gateway::WAF_HTTP_API,
    &super::permissions::WILDCARD_PERMISSION,
];
