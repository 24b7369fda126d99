// What the generic verbs need to know about a noun: its REST collection, wire types, texts and columns.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "api/field.h"
#include "applets/cli/call.h"
#include "applets/cli/table.h"

namespace cli {

/// A noun's wire types, erased.
struct Wire {
  const api::TypeInfo& (*writable)();
  Result<Json> (*normalize)(const Json&);    ///< as the full type writes it: members in order, missing ones filled in
  Result<Json> (*to_writable)(const Json&);  ///< only what PUT takes
};

template <class T>
Result<Json> retyped(const Json& json) {
  return api::to_json(TRY(api::from_json<T>(json)));
}
template <class Full, class Put>
inline constexpr Wire kWire = {&api::type_info<Put>, &retyped<Full>, &retyped<Put>};

enum NounTraits : unsigned {
  kPlainNoun = 0,
  kSortUsedBy = 1,    ///< show lists used_by sorted
  kPatchSet = 2,      ///< set and unset send only the changed member (PATCH needs no ETag)
  kQuotedName = 4,    ///< messages quote the name
  kBareName = 8,      ///< messages never show the remote
  kHasConfig = 16,    ///< set/get work on config keys (else on members)
  kSilentGet = 64,    ///< get prints nothing (not an empty line) for a key that is not set
  kLocationColumn = 128,  ///< column L is added to the default ones where objects live on members
  kHasMembers = 32,   ///< --target at creation prepares one cluster member
};

struct Noun {
  std::string_view what;        ///< "profile", in errors
  std::string_view title;       ///< "Profile", in messages: "Profile p1 created"
  std::string_view collection;  ///< "/1.0/networks/{}/forwards": each {} is a name before the object's own
  const Wire& wire;
  std::string_view edit_help;   ///< put before the document in the editor, as comments
  std::span<const Column> columns = {};
  std::string_view all_projects_column = "";  ///< letters put first with --all-projects
  unsigned traits = kHasConfig;
  std::string_view id = "name"; ///< the member that names an object of this noun
  std::string_view deleted_title = "";  ///< the title in "x deleted", if it is another one
};

/// The names before the object's own, and the object's: network N forward A is {N, A}. `call.args[0]` carries the remote.
struct Target {
  client::Server server;
  StringList names;
  std::string shown;  ///< the object in messages
  std::string path;   ///< /1.0/…
};

/// How many {} the collection has.
size_t parents_of(const Noun& noun);
/// The collection's path with the parents' names put in.
std::string collection_path(const Noun& noun, const StringList& parents);
/// Reads the object's names from the first arguments; --target is applied.
Result<Target> target_of(Call& call, const Noun& noun);
/// The noun of the running command.
const Noun& noun_of(const Call& call);

/// A member of a writable object by its JSON name, any case. Errors: not_found.
Result<const api::Field*> property_field(const Noun& noun, std::string_view name);
/// Sets the members that `changes` names, from text; with `unset`, empties them. Unknown names are an error only for `unset`.
Result<> change_members(const Noun& noun, const StringMap& changes, bool unset, Json& writable);
/// Text to a member's type. Errors: invalid.
Result<Json> property_value(const api::Field& field, const std::string& text);
/// As `get --property` prints it.
std::string property_text(const Json& value);
/// The same for the member `name` of what the server sent: times keep their offset ("2050-01-01 10:10:10.5 -0400 -0400").
std::string member_property(const Json& object, const std::string& name, const Json& normalized);

Result<> show_verb(Call& call);
Result<> get_verb(Call& call);
Result<> set_verb(Call& call);
Result<> unset_verb(Call& call);
Result<> edit_verb(Call& call);
Result<> create_verb(Call& call);   ///< a document from stdin, key=value pairs, --description
Result<> delete_verb(Call& call);   ///< one or a list of objects
Result<> rename_verb(Call& call);
Result<> list_verb(Call& call);

/// The document of stdin with the pairs of `pairs` (if any) in its config and --description, plus `extra` members; POSTed to the collection.
/// Prints "TITLE x created", or "pending on member" with --target and kHasMembers.
Result<> create_object(Call& call, const Noun& noun, const Json& extra, const Arg* pairs);
/// GET, change, PUT with the ETag.
Result<> update_object(Call& call, client::Server& server, const std::string& path, const Noun& noun, const std::function<Result<>(Json& writable)>& change);
/// The same for the object that the first arguments name.
Result<> update_target(Call& call, const Noun& noun, const std::function<Result<>(Json& writable)>& change);
/// Reads a list with the noun's columns, `query` added to the path ("recursion=1" is there already).
Result<> list_objects(Call& call, const Noun& noun, client::Server& server, const std::string& path, std::string_view query);
/// Prints objects as the command's --format and --columns say.
Result<> print_objects(Call& call, const Noun& noun, Json items, std::string columns);
/// Drops members that are empty, where the API's client leaves them out.
Json without_empty(Json object, std::initializer_list<const char*> members);
/// Comment lines and the document, as an editor shows them.
std::string editor_text(std::string_view help, const Json& document);
/// Filters "name" or "key=value" as one server-side filter expression, escaped for a query; "" for none.
std::string server_filter(const StringList& filters, std::string_view name_key = "name");

}  // namespace cli
