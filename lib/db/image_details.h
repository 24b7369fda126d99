// What hangs on image rows: properties, aliases, profiles and the source they are refreshed from.
#pragma once
#include "db/images.h"

namespace db::images {

/// Fills the detail members of `rows`, whose ids `ids_sql` selects: four queries.
Result<> add_details(Tx& tx, std::vector<Row>& rows, const std::string& ids_sql, const Values& values);
/// Properties and profiles of one image. Errors: not_found (profile).
Result<> save_details(Tx& tx, int64_t id, const Row& row);

}  // namespace db::images
