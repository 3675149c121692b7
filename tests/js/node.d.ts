// Node's own modules, untyped: their types would be one more package to install.
declare module "node:assert/strict";
declare module "node:fs";
declare module "node:test";
declare module "node:vm";
