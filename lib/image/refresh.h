// Keeping copies of other servers' images current, and removing those nobody used for long.
#pragma once
#include "image/store.h"

namespace image {

/// Fetches the newer image that `row`'s source has under its alias now, in all projects that follow it; aliases and settings move
/// along, the old one is deleted. False if it is current. Errors: invalid (came from nowhere), those of downloads. Blocks for long.
Result<bool> refresh(const Job& job, Store& store, const db::images::Row& row);
/// Every image with auto_update. Failures are logged. Blocks for long.
void refresh_all(const Job& job, Store& store);

/// Deletes cached images unused for images.remote_cache_expiry days (of the project, else the server). Failures are logged. Blocks.
void remove_expired(const Job& job, Store& store, Timestamp now);

}  // namespace image
