// Checking dns.zone.* keys against the zones in the database.
#include "network/zone_names.h"

#include <map>

#include "db/database.h"

namespace network {

Result<> check_zone_names(const Environment& env, const StringMap& config) {
  std::map<std::string, StringList> wanted;
  for (const char* key : {"dns.zone.forward", "dns.zone.reverse.ipv4", "dns.zone.reverse.ipv6"})
    if (StringList names = split_list(get_or(config, key)); !names.empty()) wanted[key] = std::move(names);
  if (wanted.empty()) return {};
  StringMap homes;
  TRY(env.global.read([&](db::Tx& tx) -> Result<> {
    return tx.query("SELECT networks_zones.name, projects.name FROM networks_zones JOIN projects ON projects.id = networks_zones.project_id", {},
                    [&](const db::Row& row) -> Result<> {
                      homes[row.text(0)] = row.text(1);
                      return {};
                    });
  }));
  for (const auto& [key, names] : wanted) {
    if (names.size() > 1 && key != "dns.zone.forward") return fail(Code::invalid, "Invalid {} must contain only single DNS zone name", quote(key));
    StringList projects;
    for (const std::string& name : names) {
      auto home = homes.find(name);
      if (home == homes.end()) return fail(Code::invalid, "Invalid {}, network zone {} not found", quote(key), quote(name));
      if (contains(projects, home->second)) return fail(Code::invalid, "Invalid {}, contains multiple zones from the same project", quote(key));
      projects.push_back(home->second);
    }
  }
  return {};
}

}  // namespace network
