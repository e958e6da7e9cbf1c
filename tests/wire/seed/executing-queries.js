function executeQuery(query, params) {
const request = {
type: 'QUERY',
id: generateRequestId(),
query: query,
parameters: params || {}
};
ws.send(JSON.stringify(request));
}
// Execute query
executeQuery(
'MATCH (p:Person) WHERE p.age > $age RETURN p',
{ age: 18 }
);
// Handle response
ws.onmessage = (event) => {
const response = JSON.parse(event.data);
if (response.type === 'RESULT') {
console.log('Query results:', response.data);
} else if (response.type === 'ERROR') {
console.error('Query error:', response.error);
}
};
