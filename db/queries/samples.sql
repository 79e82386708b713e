-- name: InsertSampleRecord :exec
INSERT INTO sample_records (tenant_id, entity, record_id) VALUES (@tenant_id, @entity, @record_id)
ON CONFLICT ON CONSTRAINT sample_records_pkey DO NOTHING;

-- name: CountSampleContacts :one
SELECT count(*) FROM sample_records s JOIN contacts c ON c.tenant_id = s.tenant_id AND c.id = s.record_id
WHERE s.tenant_id = @tenant_id AND s.entity = 'contact' AND c.deleted_at IS NULL;

-- name: TrashSampleContacts :many
UPDATE contacts c SET deleted_at = @now, version = version + 1, updated_at = @now
FROM sample_records s
WHERE s.tenant_id = c.tenant_id AND s.entity = 'contact' AND s.record_id = c.id AND c.tenant_id = @tenant_id AND c.deleted_at IS NULL
RETURNING c.id;

-- name: TrashSampleCompanies :execrows
-- A company that a contact of the business's own belongs to meanwhile stays.
UPDATE companies o SET deleted_at = @now, version = version + 1, updated_at = @now
FROM sample_records s
WHERE s.tenant_id = o.tenant_id AND s.entity = 'company' AND s.record_id = o.id AND o.tenant_id = @tenant_id AND o.deleted_at IS NULL
  AND NOT EXISTS (SELECT FROM contacts c WHERE c.tenant_id = @tenant_id AND c.company_id = o.id AND c.deleted_at IS NULL);

-- name: DeleteSampleRecords :exec
DELETE FROM sample_records WHERE tenant_id = @tenant_id;

-- name: FirstSteps :one
-- What a business has done so far, by what is there.
SELECT EXISTS (SELECT FROM contacts c WHERE c.tenant_id = @tenant_id AND c.deleted_at IS NULL
                 AND NOT EXISTS (SELECT FROM sample_records s WHERE s.tenant_id = @tenant_id AND s.entity = 'contact' AND s.record_id = c.id)) AS has_contacts,
       (SELECT count(*) FROM sample_records s JOIN contacts c ON c.tenant_id = s.tenant_id AND c.id = s.record_id
          WHERE s.tenant_id = @tenant_id AND s.entity = 'contact' AND c.deleted_at IS NULL) AS samples,
       ((SELECT count(*) FROM memberships m WHERE m.tenant_id = @tenant_id) > 1
          OR EXISTS (SELECT FROM invitations i WHERE i.tenant_id = @tenant_id AND i.revoked_at IS NULL))::boolean AS has_colleagues;
