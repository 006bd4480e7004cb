//! Who may log in, and with what program.

use cfn_kit::cognito;
use cfn_kit::context::Context;
use cfn_kit::prelude::*;
use foundation::Stack;
use foundation::environment::DataProtection;

use super::Api;
use crate::constructs::protect;

/// The group whose members may change the fleet.
pub(super) const ADMINS: &str = "admins";

/// Ports that a program on somebody's own machine may listen on for the answer of a login: one that is free will be among them.
const CALLBACK_PORTS: std::ops::RangeInclusive<u32> = 8765..=8772;

/// The user pool and what belongs to it.
pub(super) struct Users {
    pub(super) pool: Handle<cognito::UserPool, Api>,
    pub(super) client: Handle<cognito::UserPoolClient, Api>,
    pub(super) login_host: Value<String, Api>,
}

/// A pool of users who are known by their address, an app client without a secret, a login page and a group of admins.
pub(super) fn users(stack: &mut Stack<'_, Api>) -> Users {
    let env = stack.environment();
    let pool = stack.add("UserPool", pool(env));
    stack.explain(
        &pool,
        Context::why("accounts and their passwords: lost, everybody has to be invited again")
            .never("UsernameAttributes")
            .never("AliasAttributes"),
    );
    let client = stack.add("UserPoolClient", client(env, &pool));

    // Host names of login pages are given once in a region, whoever asks: the account's number makes ours unlike anybody else's.
    let prefix = sub!("{}-{}-{}", env.api.login.domain_prefix.as_str(), env.name.as_str(), account_id());
    let domain = stack.add("UserPoolDomain", cognito::UserPoolDomain::new(prefix.clone(), pool.user_pool_id()));
    let admins = cognito::UserPoolGroup::new(pool.user_pool_id()).group_name(ADMINS).description("May change the fleet");
    stack.add("Admins", admins);
    Users { pool, client, login_host: sub!("{}.auth.{}.amazoncognito.com", domain.reference(), region()) }
}

fn pool<S>(env: &foundation::environment::Environment) -> cognito::UserPool<S> {
    use cognito::user_pool as of;
    let password = of::PasswordPolicy::new()
        .minimum_length(14)
        .require_lowercase(true)
        .require_uppercase(true)
        .require_numbers(true)
        .require_symbols(true)
        // An invitation that nobody took up is a password that somebody else may find.
        .temporary_password_validity_days(3);
    let recovery = of::RecoveryOption::new().name(of::Name::VerifiedEmail).priority(1);
    let deletion = match env.protection.data {
        DataProtection::Keep => of::DeletionProtection::Active,
        DataProtection::Delete => of::DeletionProtection::Inactive,
    };
    let pool = cognito::UserPool::new()
        .username_attributes([of::UsernameAttributes::Email])
        .username_configuration(of::UsernameConfiguration::new().case_sensitive(false))
        .auto_verified_attributes([of::AutoVerifiedAttributes::Email])
        .admin_create_user_config(of::AdminCreateUserConfig::new().allow_admin_create_user_only(!env.api.login.self_sign_up))
        .policies(of::Policies::new().password_policy(password))
        .mfa_configuration(of::MfaConfiguration::Optional)
        .enabled_mfas(["SOFTWARE_TOKEN_MFA"])
        .account_recovery_setting(of::AccountRecoverySetting::new().recovery_mechanisms([recovery]))
        .deletion_protection(deletion);
    protect(pool, env.protection.data)
}

/// A public client, as a program on somebody's own machine must be: whatever it holds, its user can read. So it has no secret, and
/// proves with PKCE that the one who began a login is the one who ends it.
fn client<S>(env: &foundation::environment::Environment, pool: &Handle<cognito::UserPool, S>) -> cognito::UserPoolClient<S> {
    use cognito::user_pool_client as of;
    let login = &env.api.login;
    let mut flows = vec![of::ExplicitAuthFlows::AllowUserSrpAuth, of::ExplicitAuthFlows::AllowRefreshTokenAuth];
    flows.extend(login.by_password.then_some(of::ExplicitAuthFlows::AllowUserPasswordAuth));
    let units = of::TokenValidityUnits::new()
        .id_token(of::IdToken::Minutes)
        .access_token(of::AccessToken::Minutes)
        .refresh_token(of::RefreshToken::Hours);
    // Cognito demands HTTPS but for `http://localhost`, `http://127.0.0.1` and `http://[::1]`, each with any port, and takes exactly what is
    // registered, port included (API reference, CreateUserPoolClient, CallbackURLs). The address needs no name to be looked up (RFC 8252, 8.3).
    let callbacks: Vec<String> = CALLBACK_PORTS.map(|port| format!("http://127.0.0.1:{port}/callback")).collect();
    cognito::UserPoolClient::new(pool)
        .generate_secret(false)
        .explicit_auth_flows(flows)
        .allowed_o_auth_flows_user_pool_client(true)
        .allowed_o_auth_flows([of::AllowedOAuthFlows::Code])
        .allowed_o_auth_scopes(["openid", "email", "profile"])
        .supported_identity_providers(["COGNITO"])
        .callback_urls(callbacks)
        .id_token_validity(i64::from(login.token_minutes))
        .access_token_validity(i64::from(login.token_minutes))
        .refresh_token_validity(i64::from(login.session_hours))
        .token_validity_units(units)
        .enable_token_revocation(true)
        // Otherwise the answer tells whether somebody has an account.
        .prevent_user_existence_errors(of::PreventUserExistenceErrors::Enabled)
}
