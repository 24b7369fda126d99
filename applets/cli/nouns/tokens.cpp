// Token operations of the server.
#include "applets/cli/nouns/tokens.h"

#include "applets/cli/table.h"
#include "applets/cli/verbs/columns.h"
#include "base/encode.h"

namespace cli {

namespace {

constexpr Column kColumns[] = {{'n', "NAME", text_cell<"name">}, {'t', "TOKEN", text_cell<"text">}, {'E', "EXPIRES AT", date_cell<"expires_at">}};

Result<std::string> required(const Json& object, const char* member) {
  if (!object.is_object() || !object.contains(member) || !object[member].is_string()) return fail(Code::invalid, "The operation has no {}", member);
  return object[member].get<std::string>();
}

/// Running token operations; tokens always belong to the default project.
Result<Json> token_operations(Call& call) {
  client::Server server = TRY(call.server(call.args[0])).project("default");
  Json lists = TRY(server.get(call.ctx, "/1.0/operations?recursion=1")).metadata;
  Json tokens = Json::array();
  for (const auto& [state, operations] : lists.items()) {
    for (const Json& operation : operations) {
      if (member_text(operation, "class") == "token" && member_text(operation, "status_code") == "103") tokens.push_back(operation);
    }
  }
  return tokens;
}

}  // namespace

Result<Token> token_of(const Json& operation, TokenKind kind) {
  if (!operation.contains("metadata") || !operation["metadata"].is_object()) return fail(Code::invalid, "The operation is no token");
  const Json& data = operation["metadata"];
  Token token;
  bool cluster = kind == TokenKind::cluster;
  token.name = TRY(required(cluster || !data.contains("request") ? data : data["request"], cluster ? "serverName" : "name"));
  token.document[cluster ? "server_name" : "client_name"] = token.name;
  token.document["fingerprint"] = TRY(required(data, "fingerprint"));
  token.document["addresses"] = data.contains("addresses") ? data["addresses"] : Json::array();
  token.document["secret"] = TRY(required(data, "secret"));
  token.expires_at = member_text(data, "expiresAt");
  if (token.expires_at.empty()) token.expires_at = "0001-01-01T00:00:00Z";
  token.document["expires_at"] = token.expires_at;
  token.text = base64_encode(api::dump_json(token.document));
  return token;
}

Result<> print_tokens(Call& call, TokenKind kind) {
  TRY(check_format(call.format()));
  std::vector<const Column*> columns = TRY(select_columns(kColumns, call.flags.text("columns")));
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  Json raw = Json::array();
  for (const Json& operation : TRY(token_operations(call))) {
    auto token = token_of(operation, kind);
    if (!token) continue;
    Json item = {{"name", token->name}, {"text", token->text}, {"expires_at", token->expires_at}};
    StringList row;
    for (const Column* column : columns) row.push_back(column->cell(item));
    table.rows.push_back(std::move(row));
    raw.push_back(token->document);
  }
  sort_rows(table.rows);
  return print_table(call.format(), table, raw);
}

Result<> revoke(Call& call, TokenKind kind, const std::string& name, const std::string& missing) {
  for (const Json& operation : TRY(token_operations(call))) {
    auto token = token_of(operation, kind);
    if (!token || token->name != name) continue;
    client::Server server = TRY(call.server(call.args[0]));
    TRY(server.query(call.ctx, http::Method::delete_, "/1.0/operations/" + url_escape(member_text(operation, "id"))));
    return {};
  }
  return fail(Code::not_found, "{}", missing);
}

std::string pattern_filter(const StringList& filters) {
  StringList clauses;
  for (const std::string& filter : filters) {
    size_t equals = filter.find('=');
    if (equals == std::string::npos) {
      std::string pattern = filter.contains('^') || filter.contains('$') ? filter : "^" + filter + "$";
      clauses.push_back(std::format("name eq ({}|^{}.*)", pattern, filter));
    } else {
      clauses.push_back(std::format("{} eq {}", filter.substr(0, equals), filter.substr(equals + 1)));
    }
  }
  return url_escape(join(clauses, " and "));
}

}  // namespace cli
