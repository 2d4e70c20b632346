// A server with a state, in a program that is compiled while it runs: it counts calls. MCP over stdio, as little as needed.
'use strict';
let count = 0;

const tools = [{ name: 'count', description: 'How often this was called.', inputSchema: { type: 'object' } }];
const methods = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'counter', version: '1' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools }),
  'tools/call': () => ({ content: [{ type: 'text', text: String(++count) }] }),
};

// Hot enough for the optimising compiler, which needs memory that it may write and then execute.
let warm = 0;
for (let step = 0; step < 5e6; step++) warm = (warm * 31 + step) % 1000003;

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const answer = methods[method]
    ? { result: methods[method](params ?? {}) }
    : { error: { code: -32601, message: `unknown method ${method}` } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
});
