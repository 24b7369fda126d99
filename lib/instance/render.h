// From views to the API's objects.
#pragma once
#include "api/types/instance.h"
#include "instance/instance.h"
#include "instance/view.h"

namespace instance {

api::Instance render(const View& view, Status status);
/// `size`: bytes the snapshot itself occupies, -1 where nobody asked.
api::InstanceSnapshot render_snapshot(const View& view, const db::snapshots::Row& snapshot, int64_t size = -1);
api::InstanceBackup render_backup(const db::backups::Row& backup);
/// An InstanceFull up to and without its "state" member's value: `{…,"backups":[…],"snapshots":[…],"state":`.
std::string render_full_head(const View& view, Status status);
/// The writable part, whose hash is the ETag.
std::string etag_text(const View& view);

/// The state of a container that does not run.
api::InstanceState stopped_state(Status status);

}  // namespace instance
