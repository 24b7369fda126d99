// The keys and digests of Secure Boot (UEFI specification, 32.4.1): lists of EFI_SIGNATURE_LIST as the variables PK, KEK, db, dbx, dbt and MokList hold them.
#pragma once
#include <string>
#include <string_view>

#include "api/json.h"
#include "base/result.h"

namespace instance {

/// [{type, header, entries: [{owner, data}]}]: bytes in base64, `header` only where there is one. Guests write there: sizes are checked.
/// Errors: invalid (sizes that do not fit, an unknown type).
Result<Json> parse_signature_lists(std::string_view bytes);
/// And back; null is no list. Errors: invalid (another form, an unknown type or owner, entries of one list that differ in size).
Result<std::string> signature_lists_bytes(const Json& lists);

}  // namespace instance
