-- name: ListPipelines :many
SELECT id, name, position, version, created_at, updated_at FROM pipelines WHERE tenant_id = @tenant_id ORDER BY position, id;

-- name: ListStages :many
-- The stages of every pipeline in their order.
SELECT id, pipeline_id, name, kind, probability, rot_days FROM stages WHERE tenant_id = @tenant_id ORDER BY pipeline_id, position, id;

-- name: LockPipeline :one
-- Holds a pipeline with its stages until the transaction ends.
SELECT version FROM pipelines WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: LockPipelines :exec
-- Two who remove pipelines of one tenant at the same time could leave none.
-- @sqlc-vet-disable tenant-scoped
SELECT pg_advisory_xact_lock(hashtextextended('pipelines ' || sqlc.arg(tenant_id)::text, 0));

-- name: SavePipeline :exec
-- Makes the pipeline behind the others, or renames the one with this id.
INSERT INTO pipelines (tenant_id, id, name, position, created_at, updated_at)
VALUES (@tenant_id, @id, @name, (SELECT coalesce(max(position), 0) + 1 FROM pipelines WHERE tenant_id = @tenant_id), @now, @now)
ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, version = pipelines.version + 1, updated_at = excluded.updated_at;

-- name: DeletePipeline :exec
DELETE FROM pipelines WHERE tenant_id = @tenant_id AND id = @id;

-- name: SaveStage :exec
-- Makes the stage, or changes the one with this id, whose kind stays.
INSERT INTO stages (tenant_id, id, pipeline_id, name, kind, probability, rot_days, position, created_at, updated_at)
VALUES (@tenant_id, @id, @pipeline_id, @name, @kind, @probability, @rot_days, @position, @now, @now)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    name = excluded.name, probability = excluded.probability, rot_days = excluded.rot_days, position = excluded.position, updated_at = excluded.updated_at;

-- name: DeleteStage :exec
DELETE FROM stages WHERE tenant_id = @tenant_id AND id = @id;

-- name: CountDealsByStage :many
-- How many deals there are in each stage of a pipeline, those in the trash too.
SELECT stage_id, count(*) AS deals FROM deals WHERE tenant_id = @tenant_id AND pipeline_id = @pipeline_id GROUP BY stage_id;

-- name: LeaveStageForAll :exec
UPDATE deal_stage_history SET left_at = greatest(@now::timestamptz, entered_at)
WHERE deal_stage_history.tenant_id = @tenant_id AND left_at IS NULL
  AND deal_id IN (SELECT d.id FROM deals d WHERE d.tenant_id = @tenant_id AND d.stage_id = @stage_id);

-- name: EnterStageForAll :exec
INSERT INTO deal_stage_history (tenant_id, id, deal_id, stage_id, stage_name, entered_at, actor_name)
SELECT d.tenant_id, gen_random_uuid(), d.id, @to_id::uuid, @to_name::text, @now::timestamptz, @actor_name::text
FROM deals d WHERE d.tenant_id = @tenant_id AND d.stage_id = @stage_id;

-- name: MoveAllDeals :execrows
-- Puts every deal of a stage, in the trash or not, before those of another open stage of the pipeline, in the same order.
UPDATE deals SET stage_id = @to_id::uuid, stage_since = @now, version = version + 1, updated_at = @now,
    position = position + (SELECT coalesce(min(d.position), 0) FROM deals d WHERE d.tenant_id = @tenant_id AND d.stage_id = @to_id::uuid) - 1
                        - (SELECT max(d.position) FROM deals d WHERE d.tenant_id = @tenant_id AND d.stage_id = @stage_id)
WHERE deals.tenant_id = @tenant_id AND deals.stage_id = @stage_id;
