//! The list of all rules.

use super::{Rule, cors, data, gateway, images, machines, names, network, permissions, queues, routes, scaling, secrets, strangers};

/// Every rule, sorted by name.
pub(super) const ALL: &[&Rule] = &[
    &strangers::ANYONE_MAY_ASSUME,
    &gateway::API_INVOKE_PERMISSION,
    &routes::BODY_WITH_ROUTE_SETTINGS,
    &cors::CORS_ORIGIN,
    &scaling::DESIRED_COUNT_WITH_SCALING,
    &names::FIXED_NAME,
    &network::HTTP_LISTENER,
    &machines::INSTANCE_TYPE_CHANGE,
    &gateway::JWT_AUTHORIZER,
    &data::KEEPS_DATA,
    &images::MUTABLE_IMAGE_TAG,
    &network::OPEN_INGRESS,
    &strangers::PUBLIC_BUCKET,
    &network::PUBLIC_DATABASE,
    &strangers::PUBLIC_RESOURCE_POLICY,
    &queues::REDRIVE_COUNT,
    &routes::ROUTE_LIMIT,
    &routes::ROUTE_SETTINGS,
    &secrets::SECRET_LITERAL,
    &data::SINGLE_ZONE,
    &routes::STAGE_DEPENDS_ON_ROUTES,
    &data::UNENCRYPTED_STORAGE,
    &machines::USER_DATA_SIZE,
    &gateway::WAF_HTTP_API,
    &permissions::WILDCARD_PERMISSION,
];
