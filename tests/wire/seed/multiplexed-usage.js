// Usage
const mux = new MultiplexedWebSocket('wss://geode.example.com/ws');
// Create separate channels for different purposes
const queryChannel = mux.createChannel('queries');
const notificationChannel = mux.createChannel('notifications');
const metricsChannel = mux.createChannel('metrics');
queryChannel.onmessage = (data) => {
console.log('Query result:', data);
};
notificationChannel.onmessage = (data) => {
showNotification(data.message);
};
metricsChannel.onmessage = (data) => {
updateDashboard(data.metrics);
};
