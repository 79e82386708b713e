-- name: GetDeal :one
SELECT c.id, c.name, c.value, c.probability, c.pipeline_id, p.name AS pipeline_name, c.stage_id, s.name AS stage_name, c.state, s.probability AS stage_probability,
       s.rot_days, c.stage_since, c.expected_close, c.closed_at, c.reason, c.competitor, c.source, c.notes,
       c.contact_id, coalesce(n.name, '')::text AS contact_name, c.company_id, coalesce(o.name, '')::text AS company_name,
       c.owner_id, coalesce(u.name, '')::text AS owner_name, m.team_id AS owner_team_id, c.version, c.created_at, c.updated_at, c.deleted_at
FROM deals c
JOIN pipelines p ON p.tenant_id = c.tenant_id AND p.id = c.pipeline_id
JOIN stages s ON s.tenant_id = c.tenant_id AND s.id = c.stage_id
LEFT JOIN contacts n ON n.tenant_id = c.tenant_id AND n.id = c.contact_id AND n.deleted_at IS NULL
LEFT JOIN companies o ON o.tenant_id = c.tenant_id AND o.id = c.company_id AND o.deleted_at IS NULL
LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
LEFT JOIN users u ON u.id = c.owner_id
WHERE c.tenant_id = @tenant_id AND c.id = @id;

-- name: LockDeal :one
-- Holds the record until the transaction ends, so that two writers meet one after the other.
SELECT version FROM deals WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: InsertDeal :exec
INSERT INTO deals (tenant_id, id, name, value, probability, pipeline_id, stage_id, state, stage_since, position, expected_close, source, notes,
                   contact_id, company_id, owner_id, created_at, updated_at)
VALUES (@tenant_id, @id, @name, @value, @probability, @pipeline_id, @stage_id, @state, @now, (@position::text)::numeric, @expected_close, @source, @notes,
        @contact_id, @company_id, @owner_id, @now, @now);

-- name: UpdateDeal :exec
-- What a form changes. Where the deal stands is MoveDeal's.
UPDATE deals SET name = @name, value = @value, probability = @probability, expected_close = @expected_close, source = @source, notes = @notes,
    reason = @reason, competitor = @competitor, contact_id = @contact_id, company_id = @company_id, owner_id = @owner_id, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id;

-- name: MoveDeal :exec
UPDATE deals SET pipeline_id = @pipeline_id, stage_id = @stage_id, state = @state, stage_since = @stage_since, position = (@position::text)::numeric,
    closed_at = @closed_at, reason = @reason, competitor = @competitor, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id;

-- name: SetDealDeleted :exec
UPDATE deals SET deleted_at = @deleted_at, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id;

-- name: LockStage :one
-- Whoever puts a deal somewhere in a stage does so one after the other, so that no two get the same place.
SELECT id, pipeline_id, name, kind FROM stages WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: PlaceOnTop :one
-- The place before the first deal of a stage.
SELECT (coalesce((SELECT d.position FROM deals d WHERE d.tenant_id = @tenant_id AND d.stage_id = @stage_id ORDER BY d.sort_position LIMIT 1), 1) - 1)::text;

-- name: PlaceBehind :one
-- The place right behind a deal of the stage, whichever is moved there left aside: the exact middle of the
-- way to the next one. Numbers of this type hold more than sixteen thousand halvings of one gap.
SELECT trim_scale(coalesce((a.position + (SELECT b.position FROM deals b
                                          WHERE b.tenant_id = @tenant_id AND b.stage_id = @stage_id AND b.sort_position > a.sort_position AND b.id <> @id
                                          ORDER BY b.sort_position LIMIT 1)) * 0.5, a.position + 1))::text
FROM deals a WHERE a.tenant_id = @tenant_id AND a.stage_id = @stage_id AND a.id = @behind_id;

-- name: LeaveStage :exec
UPDATE deal_stage_history SET left_at = greatest(@now::timestamptz, entered_at) WHERE tenant_id = @tenant_id AND deal_id = @deal_id AND left_at IS NULL;

-- name: EnterStage :exec
INSERT INTO deal_stage_history (tenant_id, id, deal_id, stage_id, stage_name, entered_at, actor_name)
VALUES (@tenant_id, @id, @deal_id, @stage_id, @stage_name, @now, @actor_name);

-- name: ListDealStages :many
-- Where a deal has been, newest first; at most so many.
SELECT h.stage_id, h.stage_name, h.entered_at, h.left_at, h.actor_name FROM deal_stage_history h
WHERE h.tenant_id = @tenant_id AND h.deal_id = @deal_id
ORDER BY h.entered_at DESC, h.id DESC LIMIT sqlc.arg(most)::integer;

-- name: LastOpenStage :one
-- The open stage of its pipeline that a closed deal was in last, else the first one.
SELECT s.id FROM stages s
LEFT JOIN deal_stage_history h ON h.tenant_id = s.tenant_id AND h.stage_id = s.id AND h.deal_id = @deal_id
WHERE s.tenant_id = @tenant_id AND s.pipeline_id = @pipeline_id AND s.kind = 'open'
ORDER BY h.left_at DESC NULLS LAST, s.position, s.id LIMIT 1;

-- name: PromoteToCustomer :one
UPDATE contacts SET stage = 'customer', version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND id = @id AND deleted_at IS NULL AND stage <> 'customer'
RETURNING id;

-- name: CountFoundDeals :one
-- The function reads the tenant from the guard itself.
-- @sqlc-vet-disable tenant-scoped
SELECT count_deals(@pattern::text, @most::bigint)::bigint;

-- name: HandOverDeals :execrows
UPDATE deals SET owner_id = sqlc.narg(heir)::uuid, version = version + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND owner_id = @owner_id::uuid;

-- name: FindNamedContacts :many
-- The living contacts of that e-mail, else of that name, whatever its case; two are enough to know that it is not clear who is meant.
(SELECT c.id FROM contacts c WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.email = lower(@name::text) AND c.email <> '' LIMIT 2)
UNION
(SELECT c.id FROM contacts c WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL AND c.sort_name = lower(@name::text) ORDER BY c.id LIMIT 2)
LIMIT 2;
