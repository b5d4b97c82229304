// Package postgres finds or starts the platform's database, brings it to the newest form, and runs every query in the name of somebody.
//
// [Open] connects to the server that a URL names, or starts one of its own ([Server]) from the system's PostgreSQL or from the npm package that
// "make" installs. It then applies the embedded migrations, forward only, and opens two pools under roles that own nothing:
//
//   - [DB.As] is for pages and the API. Each transaction says first who acts ([Principal]); row-level security on every table with personal
//     data shows and takes only what that principal may see, whatever the query says.
//   - [DB.Work] is for jobs, which act for the platform itself over the whole city and whom row-level security does not hold.
//
// The owner of the tables is used for migrations and for commands of an administrator on the machine ([DB.Own]), never by a page.
//
// Each package keeps its own tables: only it writes SQL against them. Its migrations stand in this package's folder, since their order is one.
package postgres
