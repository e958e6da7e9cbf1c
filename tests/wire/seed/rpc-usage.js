// Usage
const rpc = new WebSocketRPC('wss://geode.example.com/ws');
const result = await rpc.call('query', {
gql: 'MATCH (p:Person) RETURN COUNT(p)',
params: {}
});
console.log('Count:', result.data[0].count);
