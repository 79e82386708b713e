package backup

// statement is one step of carrying over. what counts it in the report; "" does
// not.
type statement struct{ what, sql string }

// takeOver are the revocations and the log. The temporary tables carry_… hold what
// changed in the database that is replaced.
var takeOver = []statement{
	{"businesses suspended or closed", `
		UPDATE public.tenants t SET status = c.status, closed_at = c.closed_at, version = t.version + 1, updated_at = clock_timestamp()
		FROM carry_tenants c WHERE c.id = t.id AND c.status <> 'active' AND t.status = 'active'`},
	{"businesses that require a second factor", `
		UPDATE public.tenants t SET second_factor_required = true, updated_at = clock_timestamp()
		FROM carry_tenants c WHERE c.id = t.id AND c.second_factor_required AND NOT t.second_factor_required`},
	{"people disabled", `
		UPDATE public.users u SET disabled_at = c.disabled_at, updated_at = clock_timestamp()
		FROM carry_users c WHERE c.id = u.id AND c.disabled_at IS NOT NULL AND u.disabled_at IS NULL`},
	{"platform administrators who no longer are", `
		UPDATE public.users u SET platform_admin = false, updated_at = clock_timestamp()
		FROM carry_users c WHERE c.id = u.id AND u.platform_admin AND NOT c.platform_admin`},
	{"passwords", `
		UPDATE public.users u SET password_hash = c.password_hash, version = greatest(u.version, c.version), updated_at = c.updated_at
		FROM carry_users c WHERE c.id = u.id AND u.password_hash <> c.password_hash
		AND EXISTS (SELECT FROM carry_audit_entries a WHERE a.entity_id = u.id AND a.action IN ('user.change_password', 'user.reset_password'))`},
	{"", `DELETE FROM public.user_totp WHERE user_id IN (SELECT id FROM carry_people)`},
	{"", `DELETE FROM public.passkeys WHERE user_id IN (SELECT id FROM carry_people)`},
	{"", `DELETE FROM public.recovery_codes WHERE user_id IN (SELECT id FROM carry_people)`},
	{"", `DELETE FROM public.user_identities WHERE user_id IN (SELECT id FROM carry_people)`},
	{"", `INSERT INTO public.user_totp SELECT c.* FROM carry_user_totp c JOIN public.users u ON u.id = c.user_id`},
	{"", `INSERT INTO public.passkeys SELECT c.* FROM carry_passkeys c JOIN public.users u ON u.id = c.user_id`},
	{"", `INSERT INTO public.recovery_codes SELECT c.* FROM carry_recovery_codes c JOIN public.users u ON u.id = c.user_id WHERE c.user_id IN (SELECT id FROM carry_people)`},
	{"", `INSERT INTO public.user_identities SELECT c.* FROM carry_user_identities c JOIN public.users u ON u.id = c.user_id ON CONFLICT DO NOTHING`},
	{"people with other ways to sign in", `UPDATE public.users SET updated_at = clock_timestamp() WHERE id IN (SELECT id FROM carry_people)`},
	{"recovery codes used", `
		UPDATE public.recovery_codes r SET used_at = c.used_at
		FROM carry_recovery_codes c WHERE c.user_id = r.user_id AND c.code_hash = r.code_hash AND c.used_at IS NOT NULL AND r.used_at IS NULL`},
	{"API keys revoked", `
		UPDATE public.api_keys k SET revoked_at = c.revoked_at, version = greatest(k.version, c.version)
		FROM carry_api_keys c WHERE c.tenant_id = k.tenant_id AND c.id = k.id AND c.revoked_at IS NOT NULL AND k.revoked_at IS NULL`},
	{"API keys with a new secret", `
		UPDATE public.api_keys k SET secret_hash = c.secret_hash, previous_hash = c.previous_hash, previous_until = c.previous_until, rotated_at = c.rotated_at, version = greatest(k.version, c.version)
		FROM carry_api_keys c WHERE c.tenant_id = k.tenant_id AND c.id = k.id AND c.secret_hash <> k.secret_hash`},
	{"invitations used, revoked or sent again", `
		UPDATE public.invitations i SET accepted_at = c.accepted_at, revoked_at = c.revoked_at, token_hash = c.token_hash, version = greatest(i.version, c.version)
		FROM carry_invitations c WHERE c.tenant_id = i.tenant_id AND c.id = i.id AND i.accepted_at IS NULL AND i.revoked_at IS NULL
		AND (c.accepted_at IS NOT NULL OR c.revoked_at IS NOT NULL OR c.token_hash IS DISTINCT FROM i.token_hash)`},
	{"roles", `
		UPDATE public.memberships m SET role = 'owner', version = greatest(m.version, c.version), updated_at = c.updated_at
		FROM carry_memberships c WHERE c.tenant_id = m.tenant_id AND c.user_id = m.user_id AND c.role = 'owner' AND m.role <> 'owner'
		AND EXISTS (SELECT FROM carry_audit_entries a WHERE a.tenant_id = m.tenant_id AND a.action = 'tenant.hand_over')`},
	// A business keeps an owner, also when its new one came after the backup.
	{"roles", `
		UPDATE public.memberships m SET role = c.role, view_scopes = c.view_scopes, version = greatest(m.version, c.version), updated_at = c.updated_at
		FROM carry_memberships c WHERE c.tenant_id = m.tenant_id AND c.user_id = m.user_id AND (c.role <> m.role OR c.view_scopes <> m.view_scopes)
		AND EXISTS (SELECT FROM carry_audit_entries a WHERE a.tenant_id = m.tenant_id AND (a.action = 'tenant.hand_over' OR a.action = 'user.update' AND a.entity_id = m.user_id))
		AND (m.role <> 'owner' OR EXISTS (SELECT FROM public.memberships o WHERE o.tenant_id = m.tenant_id AND o.role = 'owner' AND o.user_id <> m.user_id
			AND NOT EXISTS (SELECT FROM carry_memberships d WHERE d.tenant_id = o.tenant_id AND d.user_id = o.user_id AND d.role <> 'owner')))`},
	{"people removed from a business", `
		DELETE FROM public.memberships m USING carry_removed r WHERE r.tenant_id = m.tenant_id AND r.user_id = m.user_id
		AND (m.role <> 'owner' OR EXISTS (SELECT FROM public.memberships o WHERE o.tenant_id = m.tenant_id AND o.role = 'owner' AND o.user_id <> m.user_id
			AND NOT EXISTS (SELECT FROM carry_removed d WHERE d.tenant_id = o.tenant_id AND d.user_id = o.user_id)))`},
	// Of businesses that are newer than the backup nothing is left to which an entry could belong.
	{"entries of the log", `
		INSERT INTO public.audit_entries SELECT c.* FROM carry_audit_entries c
		WHERE c.tenant_id IS NULL OR c.tenant_id IN (SELECT id FROM public.tenants) ON CONFLICT DO NOTHING`},
}

// endEverySession ends the sessions of everybody, with the links that would begin
// one.
var endEverySession = []statement{
	{"", `UPDATE public.users SET sessions_valid_after = date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond'`},
	{"", `UPDATE public.password_resets SET superseded_at = clock_timestamp() WHERE used_at IS NULL AND superseded_at IS NULL`},
	{"", `UPDATE public.signups SET superseded_at = clock_timestamp() WHERE used_at IS NULL AND superseded_at IS NULL`},
}

// endNewSessions ends those that began while everything else was carried.
var endNewSessions = []statement{
	{"", `UPDATE public.users SET sessions_valid_after = date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' WHERE id IN (SELECT id FROM carry_users)`},
}

// putOnHold keeps the copy from doing again what was waiting when it was made: a
// person decides about mails at /admin/mail and about jobs at /admin/jobs.
var putOnHold = []statement{
	{"mails held", `
		UPDATE public.mailbox_messages SET state = 'held', problem = 'It was waiting when this data was last in use, so it may have been sent since. Release or discard it.'
		WHERE state = 'waiting' AND sent_at IS NULL`},
	// A mail that is released gets a job of its own, and periodic ones begin anew by themselves.
	{"", `
		DELETE FROM river.river_job WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')
		AND (kind IN ('mail.send', 'backup.schedule', 'jobs.sweep') OR kind LIKE '%.purge')`},
	{"jobs held", `
		UPDATE river.river_job SET state = 'cancelled', finalized_at = clock_timestamp(), errors = coalesce(errors, '{}') || jsonb_build_object(
			'at', clock_timestamp(), 'attempt', attempt, 'trace', '', 'error', 'It was waiting when this data was last in use, so it may have been done since. Retry it if it is still to be done.')
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`},
	{"", `DELETE FROM river.river_leader`},
}

// beginAnew voids what is kept outside the database: the copy holds an epoch of the
// cache under which old values may still lie there.
var beginAnew = []statement{
	{"", `UPDATE public.cache_state SET epoch = gen_random_uuid(), epoch_at = clock_timestamp(), disabled = false, servers = '{}'`},
	{"", `DELETE FROM public.cache_outbox`},
}
